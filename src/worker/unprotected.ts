/**
 * Servers a configuration wants encrypted, which this program would send logs to in plain text: a check of the configuration warns of them, and nothing starts with them (docs/decisions/0007-no-plain-text-where-tls-is-asked.md).
 */
import type { Config } from '../model/config.ts';
import type { Diagnostic, Position } from '../model/diagnostic.ts';

interface Place {
  readonly position: Position;
  readonly what: string;
}

/** One warning for each such address. */
export function unprotected(config: Config): readonly Diagnostic[] {
  const logServers = config.proxies
    .filter(({ mode, disabled }) => mode === 'log' && !disabled)
    .flatMap(({ servers: own, name }) =>
      own.map(server => ({ server, of: `server '${name}/${server.name}' of mode log` })),
    );
  const places: Place[] = [
    ...ringServers(config),
    ...logServers
      .filter(({ server }) => server.ssl !== undefined)
      .map(({ server, of }) => ({ position: server.position, what: of })),
  ];
  return places.map(({ position, what }) => ({
    severity: 'warning',
    position,
    message: `${what} asks for 'ssl', which is not supported yet: nothing starts with it, so that nothing goes in plain text.`,
  }));
}

function ringServers({ otherSections }: Config): readonly Place[] {
  return otherSections
    .filter(({ kind }) => kind === 'ring')
    .flatMap(({ name, lines }) =>
      lines.flatMap(([keyword, server, , ...options]) => {
        if (keyword?.text !== 'server' || !options.some(({ text }) => text === 'ssl')) return [];
        return [{ position: keyword.position, what: `server '${server?.text}' of ring '${name}'` }];
      }),
    );
}
