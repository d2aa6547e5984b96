/** Server options of health checks, agent checks and passive observation (manual, section 5.2). */
import { readInteger, readTime, oneOf } from './argument.ts';
import { readAddress } from './address-argument.ts';
import type { ServerOption, ServerOptionLine } from './server-option.ts';
import { forgetOtherOption, setAgent, setOtherOption, startTls } from './server-draft.ts';
import { readProtocolNames } from './protocol-names.ts';

const ON_ERROR = ['fastinter', 'fail-check', 'sudden-death', 'mark-down'] as const;
const OBSERVE = ['none', 'layer4', 'layer7'] as const;

/** A delay that has to be positive; bare numbers below 100 get HAProxy's "suspiciously small". */
function readDelay({ server, option, values, context }: ServerOptionLine): number | undefined {
  const delay = readTime(values[0], option.text, context);
  if (delay === undefined) return undefined;
  if (delay <= 0) {
    context.alert(option, `invalid value ${delay} for argument '${option.text}' of server ${server.name}.`);
    return undefined;
  }
  if (delay < 100 && /^\d+$/.test(values[0]?.text ?? '')) {
    const what = `'${option.text} ${delay}' in server '${server.name}'`;
    const why = 'is suspiciously small for a value in milliseconds';
    context.warn(option, `${what} ${why}. Please use an explicit unit ('${delay}ms') if that was the intent`);
  }
  return delay;
}

function readPort({ option, values, context }: ServerOptionLine): number | undefined {
  const port = readInteger(values[0], option.text, context, { min: 0, max: 65535, leading: true });
  return port === 0 ? undefined : port;
}

function parseObserve({ server, option, values, context, proxy }: ServerOptionLine): void {
  const mode = oneOf(values[0], option.text, OBSERVE, context);
  if (mode === undefined) return;
  if (mode === 'layer7' && proxy.shared.mode !== 'http') {
    context.warn(values[0] ?? option, `'${mode}' can only be used in http proxies: nothing is observed.`);
    return;
  }
  server.observe = mode === 'none' ? undefined : mode;
}

/** `addr` serves the agent too as long as it has no address of its own. */
function parseAddr({ server, option, values, context }: ServerOptionLine): void {
  const address = readAddress(values[0], option.text, context, { port: 'optional' });
  if (address !== undefined) server.check.address = address;
}

function parseAgentAddr({ server, option, values, context }: ServerOptionLine): void {
  const address = readAddress(values[0], option.text, context, { port: 'forbidden' });
  if (address !== undefined) setAgent(server, { address: address });
}

function positive(name: 'rise' | 'fall'): ServerOption['parse'] {
  return ({ server, option, values, context }) => {
    const value = readInteger(values[0], option.text, context, { min: 1, leading: true });
    if (value !== undefined) server.check[name] = value;
  };
}

function delay(name: 'interMs' | 'fastinterMs' | 'downinterMs'): ServerOption['parse'] {
  return line => {
    const value = readDelay(line);
    if (value !== undefined) line.server.check[name] = value;
  };
}

/** A flag of the active check: its `no-` form says the opposite. */
function checkFlag(
  name: 'enabled' | 'sendProxy' | 'viaSocks4' | 'ssl',
  value: boolean,
): ServerOption['parse'] {
  return ({ server }) => void (server.check[name] = value);
}

const ACTIVE: readonly ServerOption[] = [
  { name: 'check', args: '', words: 0, summary: 'enables health checks', parse: checkFlag('enabled', true) },
  {
    name: 'no-check',
    args: '',
    words: 0,
    summary: 'cancels an inherited check',
    parse: checkFlag('enabled', false),
  },
  {
    name: 'addr',
    args: '<ipv4|ipv6>',
    words: 1,
    summary: 'address that checks connect to',
    parse: parseAddr,
  },
  {
    name: 'port',
    args: '<port>',
    words: 1,
    summary: 'port that checks connect to',
    parse: line => {
      const port = readPort(line);
      if (port !== undefined) line.server.check.port = port;
    },
  },
  { name: 'inter', args: '<delay>', words: 1, summary: 'interval of checks', parse: delay('interMs') },
  {
    name: 'fastinter',
    args: '<delay>',
    words: 1,
    summary: 'interval of checks while the state is changing',
    parse: delay('fastinterMs'),
  },
  {
    name: 'downinter',
    args: '<delay>',
    words: 1,
    summary: 'interval of checks while down',
    parse: delay('downinterMs'),
  },
  { name: 'rise', args: '<count>', words: 1, summary: 'good checks before up', parse: positive('rise') },
  { name: 'fall', args: '<count>', words: 1, summary: 'bad checks before down', parse: positive('fall') },
  {
    name: 'check-send-proxy',
    args: '',
    words: 0,
    summary: 'checks start with a PROXY header',
    parse: checkFlag('sendProxy', true),
  },
  {
    name: 'no-check-send-proxy',
    args: '',
    words: 0,
    summary: 'cancels an inherited check-send-proxy',
    parse: checkFlag('sendProxy', false),
  },
  {
    name: 'check-ssl',
    args: '',
    words: 0,
    summary: 'checks run over TLS',
    parse: ({ server, context }) => {
      server.check.ssl = true;
      startTls(server, context.globalTls);
    },
  },
  {
    name: 'no-check-ssl',
    args: '',
    words: 0,
    summary: 'checks run without TLS',
    parse: checkFlag('ssl', false),
  },
  {
    name: 'check-sni',
    args: '<sni>',
    words: 1,
    summary: 'SNI of TLS checks',
    parse: ({ server, values }) => void (server.check.sni = values[0]?.text ?? ''),
  },
  {
    name: 'check-sni-auto',
    args: '',
    words: 0,
    summary: 'SNI of TLS checks comes from their Host header',
    parse: ({ server, option }) => {
      forgetOtherOption(server, 'no-check-sni-auto');
      setOtherOption(server, option.text, []);
    },
  },
  {
    name: 'no-check-sni-auto',
    args: '',
    words: 0,
    summary: 'no automatic SNI for checks',
    parse: ({ server, option }) => {
      forgetOtherOption(server, 'check-sni-auto');
      setOtherOption(server, option.text, []);
    },
  },
  {
    name: 'check-alpn',
    args: '<protocols>',
    words: 1,
    summary: 'ALPN offered by TLS checks',
    parse: ({ server, option, values, context }) => {
      const names = readProtocolNames(option, values[0], context);
      if (names !== undefined) server.check.alpn = names;
    },
  },
  {
    name: 'check-proto',
    args: '<name>',
    words: 1,
    summary: 'protocol of checks',
    parse: ({ server, option, values, context }) => {
      const name = oneOf(
        values[0],
        option.text,
        ['h1', 'none', 'h2', 'fcgi', 'spop', 'qmux'] as const,
        context,
      );
      if (name === undefined) return;
      server.check.proto = name;
      if (name !== 'h1' && name !== 'h2' && name !== 'none')
        context.notSupportedYet(values[0] ?? option, `server check-proto ${name}`);
    },
  },
  {
    name: 'check-via-socks4',
    args: '',
    words: 0,
    summary: 'checks go through the SOCKS4 proxy',
    parse: checkFlag('viaSocks4', true),
  },
  {
    name: 'check-reuse-pool',
    args: '',
    words: 0,
    summary: 'checks may use idle connections',
    parse: ({ server, option, context }) => {
      setOtherOption(server, option.text, []);
      if (server.address.kind !== 'reverse') context.notSupportedYet(option, 'server check-reuse-pool');
    },
  },
  {
    name: 'no-check-reuse-pool',
    args: '',
    words: 0,
    summary: 'cancels an inherited check-reuse-pool',
    parse: ({ server }) => forgetOtherOption(server, 'check-reuse-pool'),
  },
  {
    name: 'check-pool-conn-name',
    args: '<name>',
    words: 1,
    summary: 'which idle connections checks may use',
    parse: ({ server, option, values, context }) => {
      setOtherOption(server, option.text, [values[0]?.text ?? '']);
      if (server.address.kind !== 'reverse') context.notSupportedYet(option, 'server check-pool-conn-name');
    },
  },
  {
    name: 'healthcheck',
    args: '<name>',
    words: 1,
    summary: 'checks follow a healthcheck section',
    parse: ({ server, values }) => void (server.check.healthcheckSection = values[0]?.text ?? ''),
  },
];

const AGENT: readonly ServerOption[] = [
  {
    name: 'agent-check',
    args: '',
    words: 0,
    summary: 'asks an agent for state and weight',
    parse: ({ server }) => setAgent(server, { enabled: true }),
  },
  {
    name: 'no-agent-check',
    args: '',
    words: 0,
    summary: 'cancels an inherited agent-check',
    parse: ({ server }) => setAgent(server, { enabled: false }),
  },
  {
    name: 'agent-send',
    args: '<string>',
    words: 1,
    summary: 'text sent to the agent',
    parse: ({ server, values }) => setAgent(server, { send: values[0]?.text ?? '' }),
  },
  {
    name: 'agent-inter',
    args: '<delay>',
    words: 1,
    summary: 'interval of agent checks',
    parse: line => {
      const value = readDelay(line);
      if (value !== undefined) setAgent(line.server, { interMs: value });
    },
  },
  {
    name: 'agent-addr',
    args: '<addr>',
    words: 1,
    summary: 'address of the agent',
    parse: parseAgentAddr,
  },
  {
    name: 'agent-port',
    args: '<port>',
    words: 1,
    summary: 'port of the agent',
    parse: line => {
      const port = readPort(line);
      if (port !== undefined) setAgent(line.server, { port: port });
    },
  },
];

const OBSERVATION: readonly ServerOption[] = [
  {
    name: 'error-limit',
    args: '<count>',
    words: 1,
    summary: 'errors in a row before on-error acts',
    parse: ({ server, option, values, context }) => {
      const count = readInteger(values[0], option.text, context, { min: 1, leading: true });
      if (count !== undefined) server.errorLimit = count;
    },
  },
  {
    name: 'observe',
    args: '<mode>',
    words: 1,
    summary: 'judges the server by its traffic',
    parse: parseObserve,
  },
  {
    name: 'on-error',
    args: '<mode>',
    words: 1,
    summary: 'what happens at the error limit',
    parse: ({ server, option, values, context }) => {
      const mode = oneOf(values[0], option.text, ON_ERROR, context);
      if (mode !== undefined) server.onError = mode;
    },
  },
  {
    name: 'on-marked-down',
    args: '<action>',
    words: 1,
    summary: 'what happens when it goes down',
    parse: ({ server, option, values, context }) => {
      const action = oneOf(values[0], option.text, ['shutdown-sessions'] as const, context);
      if (action !== undefined) server.onMarkedDown = action;
    },
  },
  {
    name: 'on-marked-up',
    args: '<action>',
    words: 1,
    summary: 'what happens when it comes up',
    parse: ({ server, option, values, context }) => {
      const action = oneOf(values[0], option.text, ['shutdown-backup-sessions'] as const, context);
      if (action !== undefined) server.onMarkedUp = action;
    },
  },
];

export const CHECK_OPTIONS: readonly ServerOption[] = [...ACTIVE, ...AGENT, ...OBSERVATION];
