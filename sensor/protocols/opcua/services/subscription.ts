/** Subscription service set, Part 4, 5.14. */
import type { Service } from './service.ts';

/** A server keeps a Publish until there is something to tell (Part 4, 5.14.5): keep-alive count times publishing interval, in minutes. */
const PUBLISH_PATIENCE = 3_600_000;

export const subscriptionServices: readonly Service[] = [
  { name: 'CreateSubscription', request: 787, response: 790, access: 'subscribe' },
  { name: 'ModifySubscription', request: 793, response: 796, access: 'subscribe' },
  { name: 'SetPublishingMode', request: 799, response: 802, access: 'subscribe' },
  { name: 'Publish', request: 826, response: 829, access: 'subscribe', patience: PUBLISH_PATIENCE },
  { name: 'Republish', request: 832, response: 835, access: 'subscribe' },
  { name: 'TransferSubscriptions', request: 841, response: 844, access: 'subscribe' },
  { name: 'DeleteSubscriptions', request: 847, response: 850, access: 'subscribe' },
];
