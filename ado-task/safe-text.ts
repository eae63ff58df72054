// SPDX-License-Identifier: Apache-2.0

/**
 * Control characters, and characters that a culture-aware search skips: the agent looks for `##vso[` in that way, so an
 * invisible character inside it would not keep a text from being a command. Tabs and line feeds stay.
 */
const invisible = /(?![\t\n])[\p{Cc}\p{Default_Ignorable_Code_Point}\p{Cf}\u2028\u2029]/gu;

/** What makes a line a logging command or a formatted line, and `##vso` alone, about which the agent warns. */
const commandMark = /##(?=vso|\[)/gi;

/** A text that the agent cannot read as a command; line breaks stay, as line feeds. */
export function safeText(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll('\r', '\n').replace(invisible, '').replace(commandMark, '##_');
}

/**
 * A value of an output variable, harmless when a later step prints it. Foreign text stands only in strings of JSON, where
 * the escapes written here mean the same characters.
 */
export function safeValue(text: string): string {
  return text
    .replace(invisible, (character) => (character < ' ' ? character : escapeJson(character)))
    .replace(commandMark, '#\\u0023');
}

function escapeJson(character: string): string {
  return [...Array(character.length).keys()]
    .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
    .join('');
}
