// SPDX-License-Identifier: Apache-2.0

/** The version of this product; a test holds it against package.json and task.json. */
export const version = '0.1.0';

/** How this product names itself to registries and in the signing agent attribute. */
export const agent = `notation-pipelines/${version}`;
