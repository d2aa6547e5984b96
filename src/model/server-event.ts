/** What happens to servers, as scripts are told (HAProxy's Lua API: `core.event_sub`). Everything can be cloned. */
export const SERVER_EVENTS = [
  'SERVER_ADD',
  'SERVER_DEL',
  'SERVER_DOWN',
  'SERVER_UP',
  'SERVER_STATE',
  'SERVER_ADMIN',
  'SERVER_CHECK',
] as const;

export type ServerEventType = (typeof SERVER_EVENTS)[number];

export interface ServerEvent {
  readonly type: ServerEventType;
  /** Seconds since the epoch. */
  readonly when: number;
  /** By the names that scripts know. */
  readonly data: ServerEventData;
}

/** Which server it is about, and more. */
export interface ServerEventData extends EventFields {
  readonly name: string;
  /** `id` in its backend. */
  readonly puid: number;
  /** `Server.revision` */
  readonly rid: number;
  readonly proxy_name: string;
  readonly proxy_uuid: number;
}

export interface EventFields {
  readonly [name: string]: string | number | boolean | readonly string[] | EventFields | undefined;
}
