// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { NotaryError } from '../../errors.ts';
import type { AzureCredential } from '../azure/credential.ts';
import { HttpFailure } from '../http-failure.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../http.ts';
import { retryAfter, withRetry } from '../retry.ts';
import type { Timing } from '../timing.ts';
import { parseSigningOperation, serviceErrorOf, type SigningOperation } from './artifact-signing-answer.ts';
import {
  isForbidden,
  operationFailure,
  signingRefusal,
  signingTimeout,
  signingUnreachable,
  type SigningContext,
} from './artifact-signing-error.ts';
import type { SigningProfile } from './artifact-signing-profile.ts';

/** What tokens for the service are for, in every region. */
const scope = 'https://codesigning.azure.net/.default';

/** The two dialects (KEY 4.2): the one that Microsoft's own clients speak, then the published one. */
const dialects = [
  { submit: '/sign', version: '2022-06-15-preview' },
  { submit: ':sign', version: '2023-06-15-preview' },
] as const;
type Dialect = (typeof dialects)[number];

/** Milliseconds for one signature; the service takes one or two seconds, Microsoft's clients wait up to five minutes. */
const signatureTimeout = 120_000;
/** Milliseconds for one request. */
const requestTimeout = 20_000;
/** Milliseconds of the first wait for a result, how much longer each is than the one before, and the longest. */
const firstPoll = 50;
const pollGrowth = 1.5;
const maxPoll = 1_000;
/** Bytes of an answer: four certificates, encoded twice, have about 16 KiB. */
const maxAnswer = 256 * 1024;
/** Operations that are begun for one signature, when the service itself fails. */
const maxOperations = 2;

export interface SigningClientOptions {
  readonly profile: SigningProfile;
  readonly credential: AzureCredential;
  readonly http: HttpClient;
  readonly timing: Timing;
  readonly signal?: AbortSignal | undefined;
}

/** A signature as the service gives it: texts that nobody has decoded. */
export type ServiceSignature = Extract<SigningOperation, { readonly state: 'done' }>;

/** Has digests signed. Throws `artifact-signing-*`, `azure-sign-in` or `cancelled`. */
export interface SigningClient {
  /** The signature of a SHA-384 digest with PS384. */
  sign(digest: Uint8Array): Promise<ServiceSignature>;
}

export function openSigningClient(options: SigningClientOptions): SigningClient {
  const { profile, credential } = options;
  const context: SigningContext = { profile, credential };
  const path = `${profile.endpoint}/codesigningaccounts/${profile.account}/certificateprofiles/${profile.profile}`;
  /** The dialect that has been understood. */
  let known: Dialect | undefined;

  const request = async (call: Pick<HttpRequest, 'method' | 'body'>, url: string, timing: Timing) => {
    const send = async (): Promise<HttpResponse> => {
      const token = await credential.getToken(scope);
      if (token === null) throw new NotaryError('azure-sign-in', 'no access token was given');
      return options.http.exchange({
        ...call,
        url: new URL(url),
        headers: {
          accept: 'application/json',
          'x-correlation-id': randomUUID(),
          ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        authorization: `Bearer ${token.token}`,
        redirects: 'none',
        limit: maxAnswer,
        timeout: requestTimeout,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
    };
    try {
      return await withRetry(timing, send);
    } catch (error) {
      throw error instanceof HttpFailure ? signingUnreachable(error, context) : error;
    }
  };

  const submit = async (digest: Uint8Array, timing: Timing): Promise<{ answer: HttpResponse; dialect: Dialect }> => {
    const signatureRequest = { signatureAlgorithm: 'PS384', digest: Buffer.from(digest).toString('base64') };
    const body = Buffer.from(JSON.stringify(signatureRequest));
    let refusal: HttpResponse | undefined;
    for (const dialect of known === undefined ? dialects : [known]) {
      const url = `${path}${dialect.submit}?api-version=${dialect.version}`;
      const answer = await request({ method: 'POST', body }, url, timing);
      if (answer.status === 200 || answer.status === 202) {
        known = dialect;
        return { answer, dialect };
      }
      // what the dialect in use says counts, unless it is not spoken there and the other one says more
      refusal = refusal === undefined || answer.status !== 404 ? answer : refusal;
      if (!isOtherDialect(answer)) break;
    }
    throw refusal === undefined ? new Error('there are dialects') : signingRefusal(refusal, context);
  };

  const signOnce = async (digest: Uint8Array, timing: Timing, until: number): Promise<SigningOperation> => {
    const { answer, dialect } = await submit(digest, timing);
    let operation = parseSigningOperation(answer.body);
    let [last, wait] = [answer, firstPoll];
    while (operation.state === 'running') {
      const asked = retryAfterOf(last) ?? wait;
      if (timing.now() + asked > until) {
        throw signingTimeout(signatureTimeout / 1000, operation.status, context);
      }
      await timing.sleep(asked);
      wait = Math.min(maxPoll, wait * pollGrowth);
      // The address is made here, never taken from the answer: the token goes there.
      last = await request({ method: 'GET' }, `${path}/sign/${operation.id}?api-version=${dialect.version}`, timing);
      if (last.status !== 200 && last.status !== 202) throw signingRefusal(last, context);
      operation = parseSigningOperation(last.body);
    }
    return operation;
  };

  return {
    sign: async (digest) => {
      const { timing } = options;
      const until = Math.min(timing.now() + signatureTimeout, timing.deadline ?? Number.POSITIVE_INFINITY);
      const bounded: Timing = {
        now: () => timing.now(),
        sleep: (milliseconds) => timing.sleep(milliseconds),
        random: () => timing.random(),
        deadline: until,
      };
      for (let count = 1; ; count++) {
        const operation = await signOnce(digest, bounded, until);
        if (operation.state === 'done') return operation;
        if (operation.state === 'running') throw new Error('an operation that runs is waited for');
        const again = count < maxOperations && isServiceFault(operation.error.code);
        if (!again) throw operationFailure(operation.status, operation.error, context);
      }
    },
  };
}

/** Whether a refusal may mean that the path or its version is not known, and nothing else. */
function isOtherDialect(answer: HttpResponse): boolean {
  if (answer.status === 404) return !isForbidden(answer);
  return answer.status === 405 || (answer.status === 400 && /api-?version/i.test(codeAndText(answer)));
}

function codeAndText({ body }: HttpResponse): string {
  const { code, text } = serviceErrorOf(body);
  return `${code} ${text}`;
}

/** Failures of the service itself, by the code of an operation: everything else would fail again. */
function isServiceFault(code: string): boolean {
  return /^5\d\d$|^(?:InternalServerError|InternalError|ServiceUnavailable|ServerBusy|GatewayTimeout)$/i.test(code);
}

/** Milliseconds that an accepted operation asks to wait. */
function retryAfterOf(answer: HttpResponse): number | undefined {
  // the header means the same there as with a 503
  return retryAfter({ ...answer, status: 503 }, Date.now());
}
