/** `send-proxy`, `send-proxy-v2`: what a server is told of the client before anything else. */
import { compileLogFormat } from '../../acl/log-format.ts';
import type { CompiledLogFormat } from '../../acl/compiled.ts';
import { phaseBit } from '../../acl/phase.ts';
import type { SendProxy } from '../../model/server.ts';
import { buildLocal, buildProxyV1, buildProxyV2 } from '../../net/proxy-protocol/build.ts';
import type { RuleContext } from '../../rules/context.ts';
import type { RuleEnvironment } from '../../rules/environment.ts';
import { clientTlsTlv } from './client-tls-tlv.ts';

export type ProxyHeader = (ctx: RuleContext) => Buffer;

interface CompiledTlv {
  readonly type: number;
  readonly format: CompiledLogFormat | undefined;
}

const TLV_PHASE = phaseBit('backend http-request header rule');

export function compileProxyHeader(settings: SendProxy, environment: () => RuleEnvironment): ProxyHeader {
  const custom = settings.tlvs.map(({ type, format }): CompiledTlv => {
    const compiled =
      format && compileLogFormat(format.text, format.position, TLV_PHASE, environment(), { style: 'http' });
    return { type, format: compiled };
  });
  return ctx => headerFor(settings, custom, ctx);
}

function headerFor(settings: SendProxy, tlvs: readonly CompiledTlv[], ctx: RuleContext): Buffer {
  const { source, destination, proxyProtocol, tls, namespace } = ctx.client ?? {};
  if (source === undefined || destination === undefined) return buildLocal(settings.version);
  if (settings.version === 1) return buildProxyV1(source, destination);
  const { options } = settings;
  const uniqueId = options.includes('unique-id') ? ctx.uniqueId : undefined;
  const authority = options.includes('authority') ? (proxyProtocol?.authority ?? tls?.sni) : undefined;
  const tlsTlv = clientTlsTlv(options, tls);
  const alpn = tls?.alpn;
  return buildProxyV2({
    source,
    destination,
    crc32c: options.includes('crc32c'),
    custom: tlvs.map(({ type, format }) => ({ type, value: format?.render(ctx) ?? '' })),
    ...(uniqueId !== undefined && { uniqueId }),
    ...(authority !== undefined && { authority }),
    ...(alpn !== undefined && { alpn }),
    ...(tlsTlv !== undefined && { tls: tlsTlv }),
    ...(namespace !== undefined && { namespace }),
  });
}
