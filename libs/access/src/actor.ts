/** What a person or a connected system may be. Roles come from the access token's `roles` claim. */
export const ROLES = [
  'window-clerk',
  'window-system',
  'reviewer',
  'back-office',
  'courier-desk',
  'supervisor',
  'operator',
  'auditor',
  'dashboard',
] as const;
export type Role = (typeof ROLES)[number];

/** Who acts. `locality` is a six-digit code, `body` a body id, `system` the id of a connected source system. */
export interface Actor {
  subject: string;
  name?: string;
  locality?: string;
  body?: string;
  roles: Role[];
  system?: string;
}
