// SPDX-License-Identifier: Apache-2.0

/** Why an exchange did not give an answer that can be used. */
export type HttpFailureReason =
  | 'dns'
  | 'refused'
  | 'reset'
  | 'timeout'
  | 'tls'
  | 'plain-http'
  | 'network'
  | 'proxy'
  | 'redirect'
  | 'encoding'
  | 'too-large'
  | 'cancelled';

const texts: Record<HttpFailureReason, string> = {
  dns: 'the host name cannot be resolved',
  refused: 'the connection was refused',
  reset: 'the connection broke',
  timeout: 'no complete answer in time',
  tls: 'the TLS connection cannot be trusted',
  'plain-http': 'the server speaks plain HTTP, not HTTPS',
  network: 'the network failed',
  proxy: 'the proxy refused the connection',
  redirect: 'the redirect is not acceptable',
  encoding: 'the answer is compressed although that was not asked for',
  'too-large': 'the answer is too large',
  cancelled: 'the work was cancelled',
};

/** Failures that a repetition may cure. */
const transient: readonly HttpFailureReason[] = ['refused', 'reset', 'timeout', 'network'];

/** An exchange that failed; adapters turn it into a `NotaryError` of theirs and keep it as the cause. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly reason: HttpFailureReason;
  readonly method: string;
  /** Without user info and query, which may carry secrets. */
  readonly url: string;

  constructor(reason: HttpFailureReason, method: string, url: URL, detail?: string, cause?: unknown) {
    const shown = showUrl(url);
    const text = detail === undefined ? texts[reason] : `${texts[reason]}: ${detail}`;
    super(`${method} ${shown}: ${text}`, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.method = method;
    this.url = shown;
  }

  /** Whether the same request may succeed a moment later. */
  get transient(): boolean {
    return transient.includes(this.reason) || errorCode(this.cause) === 'EAI_AGAIN';
  }
}

/** A URL as messages show it: without user info and query, which may carry secrets. */
export function showUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** What the network stack threw, classified. */
export function failureOf(thrown: unknown, method: string, url: URL, aborted: boolean): HttpFailure {
  if (thrown instanceof HttpFailure) return thrown;
  const code = errorCode(thrown) ?? '';
  const reason = aborted ? 'cancelled' : reasonOf(code, thrown);
  return new HttpFailure(reason, method, url, code === '' ? undefined : code, thrown);
}

function reasonOf(code: string, thrown: unknown): HttpFailureReason {
  if (thrown instanceof Error && thrown.name === 'TimeoutError') return 'timeout';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'dns';
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET') return 'reset';
  if (code === 'ETIMEDOUT' || /^UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT$/.test(code)) return 'timeout';
  if (isPlainHttp(code, thrown)) return 'plain-http';
  if (isProxyRefusal(thrown)) return 'proxy';
  if (/^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|HOSTNAME)/.test(code)) return 'tls';
  return 'network';
}

/** How TLS reports a server that answered with text: as a version or length that makes no sense. */
function isPlainHttp(code: string, thrown: unknown): boolean {
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') return true;
  return thrown instanceof Error && /wrong version number|packet length too long/.test(thrown.message);
}

/** How undici reports a proxy that does not open a tunnel; 4xx is its last word. */
function isProxyRefusal(thrown: unknown): boolean {
  return thrown instanceof Error && /^Proxy response \(4\d\d\)/.test(thrown.message);
}

function errorCode(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
  return 'cause' in thrown ? errorCode(thrown.cause) : undefined;
}
