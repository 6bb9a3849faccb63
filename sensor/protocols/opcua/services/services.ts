/** Every service, one line a service set; a service is one entry of its set's file. */
import { attributeServices } from './attribute.ts';
import { discoveryServices } from './discovery.ts';
import { managementServices } from './management.ts';
import { methodServices } from './method.ts';
import { monitoredItemServices } from './monitored-item.ts';
import { queryServices } from './query.ts';
import type { Service } from './service.ts';
import { sessionServices } from './session.ts';
import { subscriptionServices } from './subscription.ts';
import { viewServices } from './view.ts';

/** Part 6, annex A.3: ServiceFault, the answer of any service that failed. */
export const SERVICE_FAULT = 397;
export const OPEN_REQUEST = 446;
export const OPEN_RESPONSE = 449;
export const CLOSE_REQUEST = 452;

export const services: readonly Service[] = [
  ...attributeServices,
  ...viewServices,
  ...subscriptionServices,
  ...monitoredItemServices,
  ...sessionServices,
  ...methodServices,
  ...discoveryServices,
  ...managementServices,
  ...queryServices,
];

const byRequest = new Map(services.map((service) => [service.request, service]));
const byResponse = new Map(services.map((service) => [service.response, service]));

export const requestService = (typeId: number): Service | null => byRequest.get(typeId) ?? null;
export const responseService = (typeId: number): Service | null => byResponse.get(typeId) ?? null;
/** Whether a message of a secure channel may begin with this type id. */
export const knownType = (typeId: number): boolean => byRequest.has(typeId) || byResponse.has(typeId) || typeId === SERVICE_FAULT;
