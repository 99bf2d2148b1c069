// Package unleashjson reads JSON bodies, path parameters and queries by the rules of Unleash 8.2.0's request validator, and words
// its error messages. The validator is ajv with coerceTypes, so numbers, booleans and null become strings where a string is
// wanted, and strings become numbers as in JavaScript (ECMA-262).
package unleashjson
