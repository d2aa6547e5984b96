/**
 * MQTT packets CONNECT and CONNACK of versions 3.1, 3.1.1 and 5.0 (MQTT 5.0, sections 2, 3.1 and 3.2). What a valid
 * packet carries is a map of field names, as the converter mqtt_field_value calls them: texts and numbers in decimal.
 */

const CONNECT = 1;
const CONNACK = 2;
const VERSION_3_1_1 = 4;
const VERSION_5 = 5;

interface MqttPacket {
  readonly type: number;
  readonly fields: ReadonlyMap<string, string>;
}

/** `cut`: the packet has not come whole; undefined: it is none, or not one of the types that are looked into. */
type MqttVerdict = MqttPacket | 'cut' | undefined;

/** Reads on in a text of bytes; a read beyond the end makes it `broken`, and answers something harmless. */
class Reader {
  readonly #bytes: string;
  #at = 0;
  broken = false;

  constructor(bytes: string) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(length: number): string {
    if (length > this.left) this.broken = true;
    const start = this.#at;
    this.#at = Math.min(this.#bytes.length, start + length);
    return this.#bytes.slice(start, this.#at);
  }

  number(size: number): number {
    let value = 0;
    for (const char of this.take(size)) value = value * 256 + char.charCodeAt(0);
    return value;
  }

  /** Seven bits a byte, least first, at most four bytes (section 1.5.5); cut, it is what came of it. */
  variable(): number {
    let value = 0;
    for (let index = 0; index < 4 && this.left > 0; index++) {
      const byte = this.number(1);
      value += (byte & 127) * 128 ** index;
      if (byte < 128) return value;
    }
    this.broken ||= this.left > 0;
    return value;
  }

  text(): string {
    return this.take(this.number(2));
  }
}

type PropertyKind = 'flag' | 'two' | 'two not zero' | 'four' | 'four not zero' | 'text' | 'text not empty';

/** Properties of version 5 (section 2.2.2.2) by number, for the three places they stand in. */
const CONNECT_PROPERTIES: Readonly<Record<number, PropertyKind>> = {
  17: 'four',
  33: 'two not zero',
  39: 'four not zero',
  34: 'two',
  25: 'flag',
  23: 'flag',
  21: 'text',
  22: 'text',
};
const WILL_PROPERTIES: Readonly<Record<number, PropertyKind>> = {
  24: 'four',
  1: 'flag',
  2: 'four',
  3: 'text',
  8: 'text',
  9: 'text',
};
const CONNACK_PROPERTIES: Readonly<Record<number, PropertyKind>> = {
  17: 'four',
  33: 'two not zero',
  36: 'flag',
  37: 'flag',
  39: 'four not zero',
  18: 'text not empty',
  34: 'two',
  31: 'text',
  40: 'flag',
  41: 'flag',
  42: 'flag',
  19: 'two',
  26: 'text',
  28: 'text',
  21: 'text',
  22: 'text',
};
const USER_PROPERTY = 38;

type Fields = Map<string, string>;

function readProperty(reader: Reader, kind: PropertyKind): string | undefined {
  if (kind.startsWith('text')) {
    const text = reader.text();
    return text === '' && kind !== 'text' ? undefined : text;
  }
  const value = reader.number(SIZES[kind]);
  if (kind === 'flag' && value > 1) return undefined;
  return value === 0 && kind.endsWith('not zero') ? undefined : String(value);
}

const SIZES: Readonly<Record<PropertyKind, number>> = {
  flag: 1,
  two: 2,
  'two not zero': 2,
  four: 4,
  'four not zero': 4,
  text: 0,
  'text not empty': 0,
};

/** Numbers that were not sent are 0; answers whether all of them were right, and each there once. */
function readProperties(
  reader: Reader,
  known: Readonly<Record<number, PropertyKind>>,
  fields: Fields,
): boolean {
  const properties = new Reader(reader.take(reader.variable()));
  for (const [number, kind] of Object.entries(known)) if (!kind.startsWith('text')) fields.set(number, '0');
  const seen = new Set<number>();
  while (properties.left > 0) {
    const number = properties.number(1);
    if (number === USER_PROPERTY) {
      properties.text();
      properties.text();
    } else {
      const kind = known[number];
      if (kind === undefined || seen.has(number)) return false;
      seen.add(number);
      const value = readProperty(properties, kind);
      if (value === undefined) return false;
      fields.set(String(number), value);
    }
    if (properties.broken) return false;
  }
  return !reader.broken;
}

const RESERVED = 1;
const WILL = 4;
const WILL_QOS = 0x18;
const WILL_RETAIN = 0x20;
const PASSWORD = 0x40;
const USERNAME = 0x80;

/** Section 3.1. */
function readConnect(reader: Reader): Fields | undefined {
  const fields: Fields = new Map();
  const name = reader.text();
  const version = reader.number(1);
  const flags = reader.number(1);
  const keepAlive = reader.number(2);
  if (reader.broken || !/^(?:MQTT|MQIsdp)$/i.test(name) || version < 3 || version > VERSION_5)
    return undefined;
  if (flags & RESERVED || (flags & (WILL | WILL_QOS | WILL_RETAIN)) === WILL_QOS) return undefined;
  fields.set('protocol_name', name);
  fields.set('protocol_version', String(version));
  fields.set('flags', String(flags));
  fields.set('keepalive', String(keepAlive));
  if (version === VERSION_5) {
    if (!readProperties(reader, CONNECT_PROPERTIES, fields)) return undefined;
    if ((fields.get('22') ?? '') !== '' && (fields.get('21') ?? '') === '') return undefined;
  }
  fields.set('client_identifier', reader.text());
  if (reader.broken) return undefined;
  const hasWillProperties = version === VERSION_5 && (flags & WILL) !== 0;
  if (hasWillProperties && !readProperties(reader, WILL_PROPERTIES, fields)) return undefined;
  if (flags & WILL) {
    fields.set('will_topic', reader.text());
    fields.set('will_payload', reader.text());
  }
  if (flags & USERNAME) fields.set('username', reader.text());
  if (flags & PASSWORD) fields.set('password', reader.text());
  return fields;
}

/** Section 3.2; only its length tells the version. */
function readConnack(reader: Reader): Fields | undefined {
  const fields: Fields = new Map();
  const version = reader.left === 2 ? VERSION_3_1_1 : VERSION_5;
  const flags = reader.number(1);
  if (flags & 0xfe) return undefined;
  fields.set('protocol_version', String(version));
  fields.set('flags', String(flags));
  fields.set('reason_code', String(reader.number(1)));
  if (reader.broken) return undefined;
  return version === VERSION_3_1_1 || readProperties(reader, CONNACK_PROPERTIES, fields) ? fields : undefined;
}

/** Low half of the first byte; PUBLISH may have any (section 2.1.3). */
const FLAGS_OF_TYPE: Readonly<Record<number, number>> = { 6: 2, 8: 2, 10: 2 };
const PUBLISH = 3;

export function readMqtt(bytes: string): MqttVerdict {
  if (bytes.length < 2) return 'cut';
  const reader = new Reader(bytes);
  const first = reader.number(1);
  const type = first >> 4;
  if (type === 0 || (type !== PUBLISH && (first & 15) !== (FLAGS_OF_TYPE[type] ?? 0))) return undefined;
  const length = reader.variable();
  if (reader.broken) return undefined;
  if (reader.left < length) return 'cut';
  if (type !== CONNECT && type !== CONNACK) return undefined;
  const body = new Reader(reader.take(reader.left));
  const came = body.left;
  const fields = type === CONNECT ? readConnect(body) : readConnack(body);
  return fields !== undefined && !body.broken && came - body.left === length ? { type, fields } : undefined;
}
