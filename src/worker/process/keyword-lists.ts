/** `-dK`: the words this program knows, by class, as the management guide lists the classes. */
import { ACL_KEYWORDS } from '../../acl/acl-keywords.ts';
import { renderSpecs } from '../../acl/arguments.ts';
import { allConverters, allFetches } from '../../acl/samples-page.ts';
import { renderKeywordList } from '../../config-parser/keyword-list.ts';
import { SERVICES } from '../../rules/actions/services.ts';
import { FILTERS } from '../../config-parser/haproxy/proxy-compression.ts';
import { COMMANDS } from '../../admin/table.ts';

interface KeywordClass {
  readonly meaning: string;
  readonly render: () => string;
}

function list(title: string, lines: readonly string[]): string {
  return `# List of registered ${title}:\n${lines.map(line => `${line}\n`).join('')}`;
}

const CLASSES: Readonly<Record<string, KeywordClass>> = {
  acl: {
    meaning: 'ACL keywords',
    render: () =>
      list(
        'ACL keywords',
        ACL_KEYWORDS.map(({ name, fetch, method }) => `${name} = ${fetch} -m ${method}`),
      ),
  },
  cfg: { meaning: 'configuration keywords', render: renderKeywordList },
  cli: {
    meaning: 'CLI keywords',
    render: () => list('CLI keywords', COMMANDS.map(({ words }) => words).toSorted()),
  },
  cnv: {
    meaning: 'sample converter keywords',
    render: () => list('sample converter functions', allConverters().map(converterLine)),
  },
  flt: { meaning: 'filter names', render: () => list('filter names', FILTERS) },
  smp: {
    meaning: 'sample fetch functions',
    render: () => list('sample fetch functions', allFetches().map(fetchLine)),
  },
  svc: { meaning: 'service names', render: () => list('service names', SERVICES) },
};

function fetchLine({ name, args, out }: ReturnType<typeof allFetches>[number]): string {
  return `${name}${renderSpecs(args ?? [])}: ${out}`;
}

function converterLine(row: ReturnType<typeof allConverters>[number]): string {
  return `${row.name}${renderSpecs(row.args ?? [])}: ${row.out} => ${row.in}`;
}

/** What `-dK<classes>` prints. A class nobody knows prints nothing. */
export function renderKeywordClasses(classes: readonly string[]): string {
  return classes
    .map(name => {
      if (name === 'help') return help();
      if (name === 'all')
        return Object.values(CLASSES)
          .map(({ render }) => render())
          .join('');
      return Object.hasOwn(CLASSES, name) ? (CLASSES[name] as KeywordClass).render() : '';
    })
    .join('');
}

function help(): string {
  const lines = Object.entries(CLASSES).map(([name, { meaning }]) => `${name}: ${meaning}\n`);
  return `# List of supported keyword classes:\nall: list all keywords\n${lines.join('')}`;
}
