/** A row of the table of log-format aliases, and how rows of each kind are made. */
import { addressOf } from '../fetches/connection.ts';
import { ipToBytes } from '../../base/ip-address.ts';
import type { ByteLine } from '../../base/byte-line.ts';
import type { Endpoint } from '../../net/connection.ts';
import type { SampleContext } from '../context.ts';
import { toHex } from './cbor.ts';
import type { OutputFlags } from './flags.ts';
import { intWriter, rawWriter, textWriter, type TypeCast } from './output.ts';

export type Render = (ctx: SampleContext) => string;
/** The same, as bytes behind those of a line. */
export type Append = (ctx: SampleContext, line: ByteLine) => void;

export interface AliasOptions {
  readonly isEarly: boolean;
  readonly uriLength: number;
  readonly cast: TypeCast;
}

export interface Alias {
  readonly name: string;
  readonly restriction: 'any' | 'http only' | 'tls only' | 'log only';
  readonly summary: string;
  readonly compile: (flags: OutputFlags, options: AliasOptions) => Render;
  /** Writes what `compile` renders without a string of it; absent or undefined: there is no such way. */
  readonly append?: (flags: OutputFlags, options: AliasOptions) => Append | undefined;
  /** When it may write nothing at all, so that blanks around it merge. */
  readonly nothing?: 'without captures' | 'without flags' | 'without quotes';
}

type Restriction = Alias['restriction'];

export function textAlias(
  name: string,
  summary: string,
  read: (ctx: SampleContext) => string | undefined,
  restriction: Restriction = 'any',
): Alias {
  return {
    name,
    restriction,
    summary,
    nothing: 'without flags',
    compile: flags => {
      const write = textWriter(flags);
      return ctx => write(read(ctx));
    },
  };
}

export function rawAlias(
  name: string,
  summary: string,
  read: (ctx: SampleContext) => string,
  restriction: Restriction = 'any',
): Alias {
  return {
    name,
    restriction,
    summary,
    compile: flags => {
      const write = rawWriter(flags);
      return ctx => write(read(ctx));
    },
  };
}

export type ReadNumber = (ctx: SampleContext) => number;

export function numberAlias(
  name: string,
  summary: string,
  read: ReadNumber,
  restriction: Restriction = 'any',
): Alias {
  return {
    name,
    restriction,
    summary,
    compile: (flags, { cast }) => {
      const write = intWriter(flags, cast);
      return ctx => write(read(ctx));
    },
    append: appendNumber(read),
  };
}

function appendNumber(read: ReadNumber): NonNullable<Alias['append']> {
  return flags => (flags.encoding === 'none' ? (ctx, line) => line.addNumber(read(ctx)) : undefined);
}

/** With `+X` in hexadecimal, at least so many digits. */
export function hexableAlias(
  name: string,
  summary: string,
  digits: number,
  read: ReadNumber,
  padded = 0,
): Alias {
  return {
    name,
    restriction: 'any',
    summary,
    compile: (flags, { cast }) => {
      if (flags.hexadecimal) {
        const write = rawWriter(flags);
        return ctx => write(read(ctx).toString(16).toUpperCase().padStart(digits, '0'));
      }
      if (flags.encoding === 'none' && padded > 0) return ctx => String(read(ctx)).padStart(padded, '0');
      const write = intWriter(flags, cast);
      return ctx => write(read(ctx));
    },
  };
}

/** A plus sign says that the number is not final. */
export function earlyAlias(
  name: string,
  summary: string,
  read: ReadNumber,
  restriction: Restriction = 'any',
): Alias {
  return {
    name,
    restriction,
    summary,
    compile: (flags, { isEarly, cast }) => {
      const write = intWriter(flags, cast);
      return isEarly && flags.encoding === 'none' ? ctx => `+${write(read(ctx))}` : ctx => write(read(ctx));
    },
    append: (flags, options) => (options.isEarly ? undefined : appendNumber(read)(flags, options)),
  };
}

type EndpointOf = (ctx: SampleContext) => Endpoint | undefined;

export function addressAlias(name: string, summary: string, endpoint: EndpointOf): Alias {
  return {
    name,
    restriction: 'any',
    summary,
    nothing: 'without flags',
    compile: flags => {
      const write = textWriter(flags);
      if (!flags.hexadecimal)
        return ctx => {
          const end = endpoint(ctx);
          return write(end?.family === 0 ? 'unix' : end?.host);
        };
      const raw = rawWriter(flags);
      return ctx => {
        const ip = addressOf(endpoint(ctx));
        return ip === undefined ? write(undefined) : raw(toHex(ipToBytes(ip)));
      };
    },
  };
}

/** A unix socket shows the number of its listener. */
export function portAlias(name: string, summary: string, endpoint: EndpointOf): Alias {
  return {
    name,
    restriction: 'any',
    summary,
    nothing: 'without flags',
    compile: (flags, { cast }) => {
      const writeInt = intWriter(flags, cast);
      const raw = rawWriter(flags);
      const writeText = textWriter(flags);
      return ctx => {
        const end = endpoint(ctx);
        if (end === undefined) return writeText(undefined);
        if (end.family === 0) return writeInt(ctx.listener?.id ?? 0);
        return flags.hexadecimal
          ? raw(end.port.toString(16).toUpperCase().padStart(4, '0'))
          : writeInt(end.port);
      };
    },
  };
}
