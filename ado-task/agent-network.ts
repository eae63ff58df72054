// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';

/** What an agent was configured with (`--proxyurl` and the like), as task-lib gives it. */
export interface AgentProxy {
  readonly proxyUrl: string;
  readonly proxyUsername?: string | undefined;
  readonly proxyPassword?: string | undefined;
  /** Regular expressions over addresses, one a host as a rule: `.*\.example\.com`. */
  readonly proxyBypassHosts?: readonly string[] | undefined;
}

/** Variables of a proxy that the agent knows, for an environment that names none; `unread` are rules that are no hosts. */
export interface ProxyVariables {
  readonly variables: Readonly<Record<string, string>>;
  readonly unread: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The agent's proxy as the variables that everything else reads. Those of the job go before it. */
export function proxyVariables(proxy: AgentProxy | null, environment: Environment): ProxyVariables {
  const names = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'];
  if (proxy === null || !URL.canParse(proxy.proxyUrl) || names.some((name) => (environment[name] ?? '') !== ''))
    return { variables: {}, unread: [] };
  const url = new URL(proxy.proxyUrl);
  if ((proxy.proxyUsername ?? '') !== '') url.username = encodeURIComponent(proxy.proxyUsername ?? '');
  if ((proxy.proxyPassword ?? '') !== '') url.password = encodeURIComponent(proxy.proxyPassword ?? '');
  const rules = (proxy.proxyBypassHosts ?? []).map((rule) => [rule, hostOfRule(rule)] as const);
  const own = environment['no_proxy'] ?? environment['NO_PROXY'] ?? '';
  const hosts = rules.flatMap(([, host]) => host ?? []);
  return {
    variables: { http_proxy: url.href, https_proxy: url.href, no_proxy: [own, ...hosts].join(',') },
    unread: rules.flatMap(([rule, host]) => (host === undefined ? [rule] : [])),
  };
}

/** The host, or the end of one, that a rule means; undefined for what is more than that. */
function hostOfRule(rule: string): string | undefined {
  const host = rule
    .trim()
    .replace(/^\^/, '')
    .replace(/^https\?:(?:\/\/|\\\/\\\/)/, '')
    .replace(/^\.[*+]/, '')
    .replace(/(?:\.\*)?\$?$/, '')
    .replaceAll('\\.', '.');
  return /^\.?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i.test(host) ? host : undefined;
}

/**
 * Trusts the authorities of `Agent.CAInfo`, a PEM file, in everything that this process connects to. Gives what is wrong, or
 * undefined.
 */
export function trustAgentAuthorities(file: string): string | undefined {
  if (file === '') return undefined;
  if (!('setDefaultCACertificates' in tls))
    return 'the certificate authorities of the agent (Agent.CAInfo) need Node.js 24: update the agent, or set NODE_EXTRA_CA_CERTS for it';
  try {
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), readFileSync(file, 'utf8')]);
    return undefined;
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return `the certificate authorities of the agent (Agent.CAInfo) cannot be used: ${reason}`;
  }
}
