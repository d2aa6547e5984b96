/** `mqtt_is_valid` and `mqtt_field_value` (manual, section 7.3.1). */
import type { Arguments, Mistake } from '../arguments.ts';
import type { SampleContext } from '../context.ts';
import type { Convert, ConverterRow } from '../row.ts';
import { readMqtt } from './mqtt-packet.ts';

/** Packet types by number, from 1, with the fields that may be asked for (MQTT 5.0, sections 2.1.2 and 2.2.2.2). */
const TYPES: readonly (readonly [name: string, fields: string])[] = [
  [
    'CONNECT',
    'protocol_name protocol_version flags keepalive client_identifier will_topic will_payload username password ' +
      '1 2 3 8 9 17 21 22 23 24 25 33 34 38 39',
  ],
  ['CONNACK', 'protocol_version flags reason_code 17 18 19 21 22 26 28 31 33 34 36 37 38 39 40 41 42'],
  ['PUBLISH', '1 2 3 8 9 11 35 38'],
  ['PUBACK', 'reason_code 31 38'],
  ['PUBREC', 'reason_code 31 38'],
  ['PUBREL', 'reason_code 31 38'],
  ['PUBCOMP', 'reason_code 31 38'],
  ['SUBSCRIBE', '11 38'],
  ['SUBACK', '31 38'],
  ['UNSUBSCRIBE', '38'],
  ['UNSUBACK', '31 38'],
  ['PINGREQ', ''],
  ['PINGRESP', ''],
  ['DISCONNECT', 'reason_code 17 28 31 38'],
  ['AUTH', '21 22 31 38'],
];

function typeNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= TYPES.length) return number;
  return 1 + TYPES.findIndex(([name]) => name === text.toUpperCase());
}

/** The bytes of a stream under inspection may still grow: only a cut packet has to wait for them. */
function settled(ctx: SampleContext, isCut: boolean): void {
  ctx.needMoreData = isCut && !ctx.final;
}

const isValid: Convert = (bytes: string, ctx) => {
  const packet = readMqtt(bytes);
  settled(ctx, packet === 'cut');
  return packet === 'cut' ? undefined : packet !== undefined;
};

function compileFieldValue(args: Arguments): Convert | Mistake {
  const type = typeNumber(args[0]?.text ?? '');
  const name = (args[1]?.text ?? '').toLowerCase();
  const fields = TYPES[type - 1]?.[1];
  if (fields === undefined) return { error: `Unknown MQTT type '${args[0]?.text}'` };
  if (name === '' || !fields.split(' ').includes(name))
    return { error: `Unknown MQTT field name '${args[1]?.text}' for packet type '${args[0]?.text}'` };
  return (bytes: string, ctx) => {
    const packet = readMqtt(bytes);
    settled(ctx, packet === 'cut');
    if (packet === 'cut' || packet?.type !== type) return undefined;
    return packet.fields.get(name) || undefined;
  };
}

export const MQTT_CONVERTERS: readonly ConverterRow[] = [
  {
    name: 'mqtt_is_valid',
    in: 'bin',
    out: 'bool',
    summary: 'the bytes are an MQTT packet CONNECT or CONNACK',
    impure: true,
    compile: () => isValid,
  },
  {
    name: 'mqtt_field_value',
    args: ['packet_type:str', 'fieldname_or_property_ID:str'],
    in: 'bin',
    out: 'str',
    summary: 'field of an MQTT packet',
    impure: true,
    compile: compileFieldValue,
  },
];
