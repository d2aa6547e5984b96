/** `guid` and `guid-prefix` (manual, sections 4.2, 5.1, 5.2): what they may look like, and that each is there once. */
import type { Position } from '../model/diagnostic.ts';
import type { Proxy } from '../model/proxy.ts';
import type { ParserContext } from './parser-context.ts';

const MOST_CHARACTERS = 127;

/** Reports what is wrong with a guid; undefined when nothing is. */
function badGuid(guid: string): string | undefined {
  if (guid.length === 0 || guid.length > MOST_CHARACTERS) return 'invalid length';
  const bad = /[^A-Za-z0-9.:_-]/.exec(guid)?.[0];
  return bad === undefined ? undefined : `invalid character '${bad}'`;
}

export function refuseRepeatedGuids(proxies: readonly Proxy[], context: ParserContext): void {
  const owners = new Map<string, string>();
  const add = (guid: string | undefined, owner: string, position: Position): void => {
    if (guid === undefined) return;
    const wrong =
      badGuid(guid) ?? (owners.has(guid) ? `duplicate entry with ${owners.get(guid)}` : undefined);
    if (wrong === undefined) owners.set(guid, owner);
    else context.alert(position, `${owner}: 'guid' : ${wrong}.`);
  };
  for (const proxy of proxies) {
    add(proxy.guid, `${proxy.kind} ${proxy.name}`, proxy.position);
    const counts = new Map<string, number>();
    for (const { otherOptions, position } of proxy.binds) {
      const prefix = otherOptions.get('guid-prefix')?.[0];
      if (prefix === undefined) continue;
      // listeners of one line are counted
      const line = `${position.line} ${position.file}`;
      const index = counts.get(line) ?? 0;
      counts.set(line, index + 1);
      add(`${prefix}-${index}`, `listener of ${proxy.name}`, position);
    }
    for (const server of proxy.servers)
      add(server.guid, `server ${proxy.name}/${server.name}`, server.position);
  }
}
