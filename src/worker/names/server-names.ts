/**
 * What servers need to follow the names they are known by: changes of their addresses, told and carried out, and
 * maintenance while there is none (manual, sections 5.2 and 5.3). Used by host-name.ts and srv-name.ts.
 */
import type { Checks } from '../../health/checks.ts';
import { LEVEL_NOTICE } from '../../health/life-effects.ts';
import type { IpAddress } from '../../base/ip-address.ts';
import { sameIp } from '../../base/ip-address.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { Server } from '../../model/server.ts';
import { ADMIN_RMAINT } from '../../state/server-words.ts';
import type { ServerAddress } from '../../state/server-addresses.ts';
import type { ServerWriter } from '../../state/server-writer.ts';

/** A server that follows a name. */
export interface NamedServer {
  readonly row: number;
  readonly backend: number;
  readonly proxy: Proxy;
  readonly config: Server;
}

export interface NamingEffects {
  readonly servers: ServerWriter;
  readonly checks: Pick<Checks, 'steering'>;
  readonly notice: (level: 'warning', text: string) => void;
  /** To the log targets of a proxy. */
  readonly log: (backend: number, level: number, text: string) => void;
  /** `hash-key addr`: the server's place on the ring follows its address. */
  readonly addressChanged: (row: number) => void;
  /** The name behind a SRV record is known; undefined: there is none any more. */
  readonly setFqdn: (row: number, fqdn: string | undefined) => void;
}

export class ServerNaming {
  readonly effects: NamingEffects;

  constructor(effects: NamingEffects) {
    this.effects = effects;
  }

  address({ row }: NamedServer): ServerAddress {
    return this.effects.servers.addresses.read(row);
  }

  isUnresolved({ row }: NamedServer): boolean {
    return (this.effects.servers.admin(row) & ADMIN_RMAINT) !== 0;
  }

  /** `by`: who told the address. It ends the maintenance a server without address is in. */
  move(server: NamedServer, ip: IpAddress, port: number | undefined, by: string): void {
    const before = this.address(server);
    const after: ServerAddress = {
      ip,
      port: port ?? before.port,
      mapPorts: port === undefined && before.mapPorts,
    };
    const changes = changesBetween(before, after);
    if (changes !== '') this.tell(server, `${nameOf(server)}: ${changes} by '${by}'.`);
    this.effects.servers.setAddress(server.row, after);
    if (changes !== '') this.effects.addressChanged(server.row);
    if (!this.isUnresolved(server)) return;
    this.effects.checks.steering.setUnresolved(server.row, false);
    this.tell(server, `Server ${nameOf(server)} administratively READY thanks to valid DNS answer.`);
  }

  /** It has no address any more; nothing is told when it had none before. */
  lose(server: NamedServer, cause: string, keepsPort: boolean): void {
    if (!this.isUnresolved(server)) this.effects.checks.steering.setUnresolved(server.row, true, cause);
    const { port, mapPorts } = this.address(server);
    this.effects.servers.setAddress(server.row, { ip: undefined, port: keepsPort ? port : 0, mapPorts });
  }

  tell({ backend }: NamedServer, text: string): void {
    this.effects.notice('warning', text);
    this.effects.log(backend, LEVEL_NOTICE, text);
  }
}

export function nameOf({ proxy, config }: NamedServer): string {
  return `${proxy.name}/${config.name}`;
}

function changesBetween(before: ServerAddress, after: ServerAddress): string {
  const changes: string[] = [];
  const text = (ip: IpAddress | undefined): string => ip?.toString() ?? '(none)';
  if (before.ip === undefined || after.ip === undefined || !sameIp(before.ip, after.ip))
    changes.push(`IP changed from '${text(before.ip)}' to '${text(after.ip)}'`);
  const port = ({ mapPorts, port: number }: ServerAddress): string => `${mapPorts ? '+' : ''}${number}`;
  if (port(before) !== port(after)) changes.push(`port changed from '${port(before)}' to '${port(after)}'`);
  return changes.join(', ');
}
