/**
 * Functions of the OpenSSL that Node carries (EVP_EncryptInit(3), HMAC(3)), called through koffi: node:crypto makes an object
 * and three Buffers for each record, which costs eight times as much. Addresses are numbers; what lies there must stay until the
 * call returns, and no longer.
 */
import { loadKoffi } from '../../system-calls.ts';

type Address = number;

export interface OpenSsl {
  readonly newContext: () => Address;
  readonly freeContext: (context: Address) => void;
  /** 1: good, here and below. A zero stands for what stays as it was. */
  readonly init: (
    context: Address,
    cipher: Address,
    engine: Address,
    key: Address,
    iv: Address,
    encrypts: number,
  ) => number;
  readonly update: (
    context: Address,
    output: Address,
    outputLength: Address,
    input: Address,
    inputLength: number,
  ) => number;
  readonly finish: (context: Address, output: Address, outputLength: Address) => number;
  readonly control: (context: Address, type: number, argument: number, pointer: Address) => number;
  /** Zero: it failed. `length` 0: it is the digest's. */
  readonly hmac: (
    digest: Address,
    key: Address,
    keyLength: number,
    input: Address,
    inputLength: number,
    output: Address,
    length: Address,
  ) => Address;
  readonly digests: Readonly<Record<DigestName, Address>>;
  readonly ciphers: Readonly<Record<CipherName, Address>>;
}

export type DigestName = 'sha256' | 'sha384';
export type CipherName = 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';

let loaded: OpenSsl | undefined;
let isMissing = false;

/** Undefined: this Node does not let its OpenSSL be called. */
export function openSsl(): OpenSsl | undefined {
  if (loaded !== undefined || isMissing) return loaded;
  try {
    loaded = load();
  } catch {
    isMissing = true;
  }
  return loaded;
}

function load(): OpenSsl {
  const node = loadKoffi().load(null);
  const kind = (name: string): Address => {
    const make = node.func(`uintptr_t ${name}()`) as () => Address;
    return make();
  };
  return {
    newContext: node.func('uintptr_t EVP_CIPHER_CTX_new()'),
    freeContext: node.func('void EVP_CIPHER_CTX_free(uintptr_t context)'),
    init: node.func(
      'int EVP_CipherInit_ex(uintptr_t context, uintptr_t cipher, uintptr_t engine, uintptr_t key, uintptr_t iv, int encrypts)',
    ),
    update: node.func(
      'int EVP_CipherUpdate(uintptr_t context, uintptr_t out, uintptr_t outl, uintptr_t in, int inl)',
    ),
    finish: node.func('int EVP_CipherFinal_ex(uintptr_t context, uintptr_t out, uintptr_t outl)'),
    control: node.func(
      'int EVP_CIPHER_CTX_ctrl(uintptr_t context, int type, int argument, uintptr_t pointer)',
    ),
    hmac: node.func(
      'uintptr_t HMAC(uintptr_t digest, uintptr_t key, int keyl, uintptr_t in, size_t inl, uintptr_t out, uintptr_t outl)',
    ),
    digests: { sha256: kind('EVP_sha256'), sha384: kind('EVP_sha384') },
    ciphers: {
      'aes-128-gcm': kind('EVP_aes_128_gcm'),
      'aes-256-gcm': kind('EVP_aes_256_gcm'),
      'chacha20-poly1305': kind('EVP_chacha20_poly1305'),
    },
  };
}
