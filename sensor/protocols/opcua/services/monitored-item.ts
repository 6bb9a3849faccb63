/** MonitoredItem service set, Part 4, 5.13. */
import type { Service } from './service.ts';

export const monitoredItemServices: readonly Service[] = [
  { name: 'CreateMonitoredItems', request: 751, response: 754, access: 'subscribe' },
  { name: 'ModifyMonitoredItems', request: 763, response: 766, access: 'subscribe' },
  { name: 'SetMonitoringMode', request: 769, response: 772, access: 'subscribe' },
  { name: 'SetTriggering', request: 775, response: 778, access: 'subscribe' },
  { name: 'DeleteMonitoredItems', request: 781, response: 784, access: 'subscribe' },
];
