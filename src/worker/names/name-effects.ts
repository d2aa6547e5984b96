/** Ties name resolution to the rest of the control thread: the table of servers, their life, their settings as they are. */
import { serverSeed } from '../../balancers/server-seed.ts';
import type { Checks } from '../../health/checks.ts';
import type { Config } from '../../model/config.ts';
import type { Server } from '../../model/server.ts';
import { ADMIN_FQDN_CHANGED } from '../../state/server-words.ts';
import type { ServerWriter } from '../../state/server-writer.ts';
import type { Administration } from '../administration.ts';
import type { ControlTls } from '../control-tls.ts';
import { NameService } from './name-service.ts';
import type { NamingEffects } from './server-names.ts';

export function nameService(
  config: Config,
  servers: ServerWriter,
  checks: Checks,
  administration: Pick<Administration, 'directory' | 'warn'>,
  tls: ControlTls,
): NameService {
  const { directory } = administration;
  const { notice, log } = checks.life.effects;
  const effects: NamingEffects = {
    servers,
    checks,
    notice,
    log,
    addressChanged: row => {
      const known = directory.at(row)?.config;
      if (known !== undefined) followAddress(servers, row, known);
    },
    setFqdn: (row, fqdn) => {
      const known = directory.at(row)?.config;
      if (known === undefined || known.fqdn === fqdn) return;
      const { fqdn: _before, ...rest } = known;
      if (fqdn !== undefined) servers.setAdmin(row, ADMIN_FQDN_CHANGED, 0);
      directory.replace(row, fqdn === undefined ? rest : { ...rest, fqdn });
    },
  };
  const service = new NameService(config, effects, {
    secure: tls.over,
    warn: text => administration.warn(text),
  });
  checks.life.onUnreachable = ({ row }) => service.hurry(row);
  directory.watch((row, _backend, server) => service.renamed(row, server?.config.fqdn));
  return service;
}

/** `hash-key addr`: its place on the ring is that of its address. */
function followAddress(servers: ServerWriter, row: number, config: Server): void {
  const { ip, port } = servers.addresses.read(row);
  if (ip === undefined || !config.hashKey.startsWith('addr')) return;
  const address = { kind: 'ip', family: ip.family, host: ip.toString(), port } as const;
  servers.setSeed(row, serverSeed({ ...config, address }));
}
