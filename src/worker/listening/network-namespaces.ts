/** The network namespaces that a configuration names: `namespace` of bind and server lines, and sections `namespace_list`. */
import type { Config } from '../../model/config.ts';
import type { Diagnostic, Position } from '../../model/diagnostic.ts';
import { keepsCapability } from '../process/capabilities.ts';
import { sectionServers } from '../servers/section-servers.ts';
import { canOpenNamespace, OF_CLIENT, openNamespaces } from '../../net/network-namespace.ts';

const NEEDED = 'cap_sys_admin';

interface Named {
  readonly name: string;
  readonly position: Position;
}

/** Descriptors by name, for data threads: when these start the names may be out of reach. */
export function namespacesOf(config: Config): ReadonlyMap<string, number> {
  return openNamespaces(namedIn(config).map(({ name }) => name));
}

export function checkNamespaces(config: Config): readonly Diagnostic[] {
  const missing = namedIn(config)
    .filter(({ name }) => !canOpenNamespace(name))
    .map(({ name, position }): Diagnostic => {
      return { severity: 'alert', position, message: `'namespace' : Cannot open namespace '${name}'.` };
    });
  return [...missing, ...outOfReach(config)];
}

/** Listeners are made before the user changes; connections to servers are not. */
function outOfReach({ global, proxies }: Config): readonly Diagnostic[] {
  const server = proxies.flatMap(({ servers }) => servers).find(({ namespace }) => namespace !== undefined);
  const { uid = 0 } = global;
  if (server === undefined || uid === 0 || keepsCapability(global, NEEDED)) return [];
  const why = `connecting in another namespace takes ${NEEDED}, which the user ${uid} has not: see 'setcap'.`;
  return [{ severity: 'warning', position: server.position, message: `'namespace' : ${why}` }];
}

function namedIn(config: Config): readonly Named[] {
  const { global, proxies, logForwards, peers, otherSections } = config;
  const sections = proxies.filter(({ disabled }) => !disabled);
  const lines = [
    ...global.statsSockets,
    ...[...sections, ...logForwards].flatMap(({ binds }) => binds),
    ...peers.flatMap(({ bind }) => bind ?? []),
    ...sections.flatMap(({ servers }) => servers),
    ...sectionServers(config),
  ];
  const said = lines.flatMap(({ namespace, position }): Named[] =>
    namespace === undefined || namespace === OF_CLIENT ? [] : [{ name: namespace, position }],
  );
  const listed = otherSections
    .filter(({ kind }) => kind === 'namespace_list')
    .flatMap(section => section.lines)
    .flatMap(([, ...names]) => names.map(({ text, position }) => ({ name: text, position })));
  return [...listed, ...said];
}
