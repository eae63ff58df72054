// SPDX-License-Identifier: Apache-2.0

/** What docker's actions leave behind: the content of a step's output and state files. */
export interface StepContent {
  readonly outputs: Record<string, string>;
  readonly state: Record<string, string>;
}

export const ociIndex = 'application/vnd.oci.image.index.v1+json';
export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';

/** A build as a workflow describes it; `inputs` are those of the action that are set. */
export interface Build {
  readonly digest: string;
  /** `image.name` in the metadata; undefined leaves the key out, as a build on several nodes does. */
  readonly names?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** False: the driver gives no descriptor. */
  readonly descriptor?: boolean;
  readonly configDigest?: string;
  readonly imageId?: string;
}

/** The metadata of one build, as buildx writes it. */
export function buildMetadata({ digest, names, descriptor = true, configDigest }: Build): Record<string, unknown> {
  return {
    'buildx.build.provenance': { buildType: 'https://mobyproject.org/buildkit@v1', materials: [] },
    'buildx.build.ref': 'builder-1/builder-10/xyz',
    ...(configDigest === undefined ? {} : { 'containerimage.config.digest': configDigest }),
    ...(descriptor ? { 'containerimage.descriptor': { mediaType: ociIndex, digest, size: 1609 } } : {}),
    'containerimage.digest': digest,
    ...(names === undefined ? {} : { 'image.name': names }),
  };
}

/** docker/build-push-action v7: outputs, and the state of which `summaryInputs` tells what was asked for. */
export function buildPush(build: Build): StepContent {
  return {
    outputs: {
      // For an index buildx reports its digest as image id too.
      imageid: build.imageId ?? build.configDigest ?? build.digest,
      digest: build.digest,
      metadata: JSON.stringify(buildMetadata(build), null, 2),
    },
    state: dockerState({ context: '.', ...build.inputs }),
  };
}

/** One target of a bake file. */
export interface BakeTarget extends Build {
  readonly output?: readonly unknown[];
  readonly tags?: readonly string[];
}

/** docker/bake-action v7: only the metadata as output; the definition that bake printed is in the state. */
export function bake(
  targets: Readonly<Record<string, BakeTarget>>,
  inputs: Readonly<Record<string, unknown>>,
): StepContent {
  const metadata = Object.entries(targets).map(([name, target]) => [name, buildMetadata(target)] as const);
  const definition = Object.entries(targets).map(([name, { output, tags }]) => {
    return [
      name,
      { context: '.', dockerfile: 'Dockerfile', tags: tags ?? [], ...(output === undefined ? {} : { output }) },
    ] as const;
  });
  const warnings = [['buildx.build.warnings', [{ vertex: 'sha256:0', level: 1, short: 'c3RhZ2UgbmFtZQ==' }]] as const];
  return {
    outputs: { metadata: JSON.stringify(Object.fromEntries<unknown>([...warnings, ...metadata]), null, 2) },
    state: {
      ...dockerState(inputs),
      bakeDefinition: JSON.stringify({
        group: { default: { targets: Object.keys(targets) } },
        target: Object.fromEntries(definition),
      }),
    },
  };
}

function dockerState(inputs: Readonly<Record<string, unknown>>): Record<string, string> {
  return {
    isPost: 'true',
    tmpDir: '/home/runner/_work/_temp/docker-actions-toolkit-AbCdEf',
    builderDriver: 'docker-container',
    builderEndpoint: 'unix:///var/run/docker.sock',
    summaryInputs: JSON.stringify(inputs),
    buildRef: 'builder-1/builder-10/xyz',
    isSummarySupported: 'true',
  };
}
