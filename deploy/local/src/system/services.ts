/** The six services: name, default port, and what a person finds there. */
export const SERVICES = ['catalog', 'intake', 'dispatch', 'review', 'courier', 'notifications'] as const;
export type ServiceName = (typeof SERVICES)[number];

export const purposes: Record<ServiceName, string> = {
  catalog: '事项 items, procedures, bodies',
  intake: '收件 applications and materials',
  dispatch: '分派 cases, timelines, feed',
  review: '审批 tasks and certificates',
  courier: '寄递 parcels',
  notifications: '通知 notices to applicants',
};

/** Where `npm start` puts everything unless the port is taken. */
export const PORTS = {
  issuer: 4100,
  catalog: 4101,
  intake: 4102,
  dispatch: 4103,
  review: 4104,
  courier: 4105,
  notifications: 4106,
  carrier: 4110,
  messages: 4111,
  postgres: 4120,
  kafka: 4121,
} as const;
export type PortName = keyof typeof PORTS;
