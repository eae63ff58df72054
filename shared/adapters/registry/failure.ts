// SPDX-License-Identifier: Apache-2.0
import { NotaryError, type ErrorCode } from '../../errors.ts';
import { memberOf, objectsMember, parseDocument } from '../../oci/document.ts';
import type { JsonObject } from '../../primitives/json.ts';
import type { HttpFailure } from '../http-failure.ts';
import { showUrl } from '../http-failure.ts';
import type { HttpMethod, HttpResponse } from '../http.ts';
import { retryAfter } from '../retry.ts';
import { cleanText } from './server-text.ts';

/** What was being done, for messages: `pushing the manifest sha256:... to ghcr.io/owner/app`. */
export interface Operation {
  readonly registry: string;
  readonly repository: string;
  readonly text: string;
}

/** One error of a registry's JSON answer (distribution-spec "Error codes"). */
export interface ServerError {
  readonly code: string;
  readonly message: string;
}

/** An unexpected answer with what was asked; kept as the cause of the `NotaryError` made of it. */
export class RegistryAnswer extends Error {
  override readonly name = 'RegistryAnswer';
  readonly method: HttpMethod;
  /** Without user info and query. */
  readonly url: string;
  readonly status: number;
  readonly errors: readonly ServerError[];

  constructor(method: HttpMethod, response: HttpResponse) {
    const errors = serverErrors(response);
    const url = showUrl(response.url);
    super(`${method} ${url} answered ${response.status}${describe(response, errors)}`);
    this.method = method;
    this.url = url;
    this.status = response.status;
    this.errors = errors;
  }
}

/** The errors of a JSON error answer; none when it is anything else. */
export function serverErrors(response: HttpResponse): readonly ServerError[] {
  try {
    return (objectsMember(parseDocument(response.body), 'errors') ?? []).slice(0, 10).map((error) => ({
      code: looseText(error, 'code'),
      message: looseText(error, 'message'),
    }));
  } catch {
    return [];
  }
}

function looseText(object: JsonObject, key: string): string {
  const value = memberOf(object, key);
  return value?.kind === 'string' ? cleanText(value.value) : '';
}

function describe(response: HttpResponse, errors: readonly ServerError[]): string {
  const [first] = errors;
  if (first !== undefined) return `: ${[first.code, first.message].filter((part) => part !== '').join(' ')}`;
  const type = response.headers['content-type'];
  const plain = typeof type === 'string' && type.startsWith('text/plain');
  const text = plain ? cleanText(Buffer.from(response.body).toString('utf8')) : '';
  return text === '' ? '' : `: ${text}`;
}

/** The error for an answer that the operation did not expect. */
export function answerError(operation: Operation, method: HttpMethod, response: HttpResponse): NotaryError {
  const cause = new RegistryAnswer(method, response);
  const hint = hintOf(operation, response, cause.errors);
  return new NotaryError(codeOf(response.status), `${operation.text}: ${cause.message}`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

function codeOf(status: number): ErrorCode {
  if (status === 401) return 'registry-unauthorized';
  if (status === 403) return 'registry-denied';
  return status === 413 ? 'registry-limit' : 'registry-response';
}

function hintOf(
  { registry, repository }: Operation,
  response: HttpResponse,
  errors: readonly ServerError[],
): string | undefined {
  const { status } = response;
  if (status === 403) return deniedHint(registry, repository);
  if (status === 405) return `${registry} does not allow this: it may be read-only.`;
  if (status === 413) return `${registry}, or a proxy before it, does not take a document of this size.`;
  if (status === 429 || status === 503) {
    const wait = retryAfter(response, Date.now());
    const when = wait === undefined ? 'later' : `in ${Math.ceil(wait / 1000)} seconds`;
    return `${registry} asks to be left alone for a while: run the step again ${when}, or do less at once.`;
  }
  if (status >= 500)
    return `${registry} has trouble of its own, also after several attempts: run the step again later.`;
  if (errors.some(({ code }) => code === 'NAME_UNKNOWN')) {
    return `${registry} does not have the repository ${repository}: create it first, if the registry does not do so on push.`;
  }
  return undefined;
}

/** What gives the right to use a repository, where the registry is a known one. */
export function deniedHint(registry: string, repository: string): string {
  if (registry === 'ghcr.io') {
    return 'The job needs "permissions: packages: write" (read to verify); for a package that was made by hand, give this repository access in the package settings, "Manage Actions access".';
  }
  if (/\.azurecr\.(?:io|cn|us)$/.test(registry)) {
    return `The identity needs AcrPush (AcrPull to verify) on ${registry}, or "Container Registry Repository Writer" where the registry uses ABAC permissions.`;
  }
  return `The account that is logged in to ${registry} lacks the right to do this in ${repository}.`;
}

/** The error for an exchange without an answer. */
export function unreachableError(operation: Operation, failure: HttpFailure): NotaryError {
  const limit = failure.reason === 'too-large';
  const answered = limit || failure.reason === 'encoding' || failure.reason === 'redirect';
  const unanswered = failure.reason === 'cancelled' ? 'cancelled' : 'registry-unreachable';
  const code: ErrorCode = limit ? 'registry-limit' : answered ? 'registry-response' : unanswered;
  const hint = unreachableHint(operation.registry, failure);
  return new NotaryError(code, `${operation.text}: ${failure.message}`, {
    cause: failure,
    ...(hint === undefined ? {} : { hint }),
  });
}

function unreachableHint(registry: string, { reason }: HttpFailure): string | undefined {
  switch (reason) {
    case 'dns':
      return `Check the host name ${registry} in the reference, and that this machine can resolve it.`;
    case 'plain-http':
      return `Add ${registry} to {input:insecureRegistries} if plain HTTP is really meant.`;
    case 'refused':
      return `Nothing answers at ${registry}: check host and port, and that the registry runs.`;
    case 'tls':
      return `The certificate of ${registry} is not trusted here: for a private CA set NODE_EXTRA_CA_CERTS to its PEM file.`;
    case 'timeout':
    case 'reset':
    case 'network':
      return `The connection to ${registry} fails, also after several attempts: check proxy and firewall of this machine.`;
    case 'proxy':
      return `The proxy of this machine does not let ${registry} through: allow it there, or name it in no_proxy.`;
    case 'redirect':
    case 'encoding':
    case 'too-large':
    case 'cancelled':
      return undefined;
  }
}
