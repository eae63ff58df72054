// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import type { Log } from '../../ports.ts';
import { HttpFailure } from '../http-failure.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../http.ts';
import { withRetry } from '../retry.ts';
import type { Timing } from '../timing.ts';
import type { Actions, Authorization } from './authorization.ts';
import { answerError, unreachableError, type Operation } from './failure.ts';
import { registryRetries } from './retries.ts';
import { cleanText } from './server-text.ts';
import type { Throttle } from './throttle.ts';

/** A request to a registry and the answers that its sender understands. */
export interface RegistryRequest extends Omit<HttpRequest, 'url' | 'authorization'> {
  /** Below `/v2/<repository>/`, or a whole URL that the registry gave. */
  readonly target: string | URL;
  /** What is being done, in the form `pushing the manifest sha256:...`. */
  readonly purpose: string;
  readonly actions: Actions;
  /** Statuses that are returned; any other one is thrown. */
  readonly expect: readonly number[];
  /** Whether sending it twice does what sending it once does; only then it is repeated after a failure. */
  readonly repeatable: boolean;
  /** Goes before requests that wait for their turn. */
  readonly urgent?: boolean;
}

/** Sends the requests of one repository: authorized, repeated where that is safe, and judged by status. */
export interface Transport {
  /** Throws `registry-unauthorized`, `registry-denied`, `registry-unreachable`, `registry-limit`, `registry-response`. */
  send(request: RegistryRequest): Promise<HttpResponse>;
  /** Where in the registry a path of the repository is. */
  urlOf(path: string): URL;
  /** Names a piece of work in messages. */
  operation(purpose: string): Operation;
}

export interface TransportOptions {
  readonly http: HttpClient;
  readonly timing: Timing;
  readonly log: Log;
  readonly endpoint: URL;
  readonly registry: string;
  readonly repository: string;
  readonly authorization: Authorization;
  /** Shared by everything that talks to the same registry. */
  readonly throttle: Throttle;
}

export function createTransport(options: TransportOptions): Transport {
  const { registry, repository, endpoint, log, timing } = options;
  const warned = new Set<string>();
  const operation = (purpose: string): Operation => ({
    registry,
    repository,
    text: `${purpose} (${registry}/${repository})`,
  });
  const urlOf = (path: string): URL => new URL(`/v2/${repository}/${path}`, endpoint);
  return {
    urlOf,
    operation,
    send: async (request) => {
      const what = operation(request.purpose);
      const url = typeof request.target === 'string' ? urlOf(request.target) : request.target;
      const once = (): Promise<HttpResponse> => sendAuthorized(options, what, request, url);
      try {
        const response = request.repeatable ? await withRetry(timing, once, registryRetries) : await once();
        for (const text of warningsOf(response)) {
          if (warned.has(text)) continue;
          warned.add(text);
          log.warning(`${registry} warns: ${text}`);
        }
        if (!request.expect.includes(response.status)) throw answerError(what, request.method, response);
        return response;
      } catch (error) {
        throw error instanceof HttpFailure ? unreachableError(what, error) : error;
      }
    },
  };
}

/** Credentials go to the registry's own origin only; a 401 from anywhere else starts nothing. */
async function sendAuthorized(
  { http, endpoint, authorization, throttle }: TransportOptions,
  what: Operation,
  request: RegistryRequest,
  url: URL,
): Promise<HttpResponse> {
  const own = url.origin === endpoint.origin;
  const used = own ? await authorization.current(what, request.actions) : undefined;
  const response = await throttle.run(() => http.exchange(withAuthorization(request, url, used)), request.urgent);
  if (response.status !== 401) return response;
  if (!own || response.url.origin !== endpoint.origin) {
    throw new NotaryError(
      'registry-response',
      `${what.text}: ${response.url.host}, where the registry sent us, asks for a login`,
    );
  }
  const renewed = await authorization.renew(what, request.actions, response, used);
  const second = await throttle.run(() => http.exchange(withAuthorization(request, url, renewed)), request.urgent);
  if (second.status === 401) throw await authorization.refused(what, second);
  return second;
}

function withAuthorization(request: RegistryRequest, url: URL, authorization: string | undefined): HttpRequest {
  return authorization === undefined ? { ...request, url } : { ...request, url, authorization };
}

/** Bytes of warnings in one answer (distribution-spec "Warnings"). */
const maxWarnings = 4096;

/** Texts of `Warning: 299 - "text"` headers. */
export function warningsOf({ headers }: HttpResponse): readonly string[] {
  const values = headers['warning'];
  const all = values === undefined ? [] : typeof values === 'string' ? [values] : values;
  return all.flatMap((value) => {
    const quoted = value.length <= maxWarnings && value.startsWith('299 - "') && value.endsWith('"');
    const text = quoted ? cleanText(value.slice(7, -1).replaceAll('\\"', '"')) : '';
    return text === '' ? [] : [text];
  });
}
