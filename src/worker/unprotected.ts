/**
 * Addresses a configuration wants encrypted, which this program would serve in plain text: it does not
 * start with them (docs/decisions/0007-no-plain-text-where-tls-is-asked.md).
 */
import type { Config } from '../model/config.ts';
import type { Position } from '../model/diagnostic.ts';

interface Place {
  readonly position: Position;
  readonly what: string;
}

/** One text for each such address. */
export function unprotected({ global, logForwards, peers }: Config): readonly string[] {
  const binds = [
    ...global.statsSockets.map(bind => ({ bind, of: 'stats socket' })),
    ...logForwards.flatMap(({ binds: own, name }) =>
      own.map(bind => ({ bind, of: `'bind' of log-forward '${name}'` })),
    ),
    ...peers.flatMap(({ bind, name }) =>
      bind === undefined ? [] : [{ bind, of: `'bind' of peers '${name}'` }],
    ),
  ];
  const servers = peers.flatMap(section =>
    section.peers.map(({ server, name }) => ({ server, of: `peer '${section.name}/${name}'` })),
  );
  const places: Place[] = [
    ...binds
      .filter(({ bind }) => bind.ssl !== undefined)
      .map(({ bind, of }) => ({ position: bind.position, what: of })),
    ...servers
      .filter(({ server }) => server.ssl !== undefined)
      .map(({ server, of }) => ({ position: server.position, what: of })),
  ];
  return places.map(
    ({ position, what }) =>
      `[${position.file}:${position.line}] : ${what} asks for 'ssl', which is not supported yet: not started, so that nothing goes in plain text.`,
  );
}
