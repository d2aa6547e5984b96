/** keepalived.conf of the routers in scenarios, the same text for either program. */

export const VIP = '10.9.0.100';

export interface RouterSettings {
  readonly priority: number;
  readonly version?: 2 | 3;
  readonly advertInt?: number;
  readonly addresses?: readonly string[];
  /** Lines of the instance. */
  readonly more?: readonly string[];
  /** Blocks beside it. */
  readonly beside?: string;
}

const GLOBALS = `global_defs {
  script_user root
}
`;

export function configOf(settings: RouterSettings): string {
  const {
    priority,
    version = 3,
    advertInt = 0.1,
    addresses = [`${VIP}/24`],
    more = [],
    beside = '',
  } = settings;
  return `${GLOBALS}${beside}vrrp_instance V {
  interface eth0
  virtual_router_id 51
  version ${version}
  priority ${priority}
  advert_int ${advertInt}
  virtual_ipaddress {
    ${addresses.join('\n    ')}
  }
  ${more.join('\n  ')}
}
`;
}

/** Skew and Master_Down_Interval of a router: RFC 3768 6.1 has 1 s / 256, RFC 5798 the interval / 256. */
export function skewMs(priority: number, advertMs = 100): number {
  return ((256 - priority) * advertMs) / 256;
}

export function masterDownMs(priority: number, advertMs = 100): number {
  return 3 * advertMs + skewMs(priority, advertMs);
}
