/** All converters. */
import type { ConverterRow } from '../row.ts';
import { ADDRESS_CONVERTERS } from './addresses.ts';
import { ARITHMETIC_CONVERTERS } from './arithmetic.ts';
import { CRYPTO_CONVERTERS } from './crypto.ts';
import { DATE_CONVERTERS } from './dates.ts';
import { DEBUG_CONVERTER } from './debug.ts';
import { ENCODING_CONVERTERS } from './encoding.ts';
import { FORWARDED_CONVERTERS } from './forwarded.ts';
import { HASH_CONVERTERS } from './hashing.ts';
import { JSON_CONVERTERS } from './json.ts';
import { JWT_CONVERTERS } from './jwt.ts';
import { JWT_DECRYPT_CONVERTERS } from './jwt-decrypt.ts';
import { MAP_CONVERTERS } from './maps.ts';
import { MQTT_CONVERTERS } from './mqtt.ts';
import { FIX_CONVERTERS } from './fix.ts';
import { PACKET_CONVERTERS } from './packets.ts';
import { PROTOBUF_CONVERTERS } from './protobuf.ts';
import { REGEX_CONVERTERS } from './substitution.ts';
import { STATE_CONVERTERS } from './state.ts';
import { TEXT_CONVERTERS } from './text.ts';
import { TRACKING_CONVERTERS } from './tracking.ts';

export const CONVERTERS: readonly ConverterRow[] = [
  ...ARITHMETIC_CONVERTERS,
  ...TEXT_CONVERTERS,
  ...ENCODING_CONVERTERS,
  ...HASH_CONVERTERS,
  ...DATE_CONVERTERS,
  ...JSON_CONVERTERS,
  ...CRYPTO_CONVERTERS,
  ...JWT_CONVERTERS,
  ...JWT_DECRYPT_CONVERTERS,
  ...STATE_CONVERTERS,
  ...ADDRESS_CONVERTERS,
  ...FORWARDED_CONVERTERS,
  ...REGEX_CONVERTERS,
  ...MAP_CONVERTERS,
  ...PACKET_CONVERTERS,
  ...MQTT_CONVERTERS,
  ...FIX_CONVERTERS,
  ...PROTOBUF_CONVERTERS,
  ...TRACKING_CONVERTERS,
  DEBUG_CONVERTER,
];
