// Faults first: what the rules below name is wrong or misleading. How lines look is nobody's business here.
import js from "@eslint/js";
import globals from "globals";

const rules = {
  eqeqeq: "error",
  curly: ["error", "multi-line"],
  "no-var": "error",
  "prefer-const": "error",
  "no-shadow": "error",
  "no-implicit-globals": "error",
  "no-eval": "error",
  "no-implied-eval": "error",
  "no-new-func": "error",
  "no-script-url": "error",
  "no-param-reassign": "error",
  "no-return-assign": "error",
  "no-self-compare": "error",
  "no-promise-executor-return": ["error", { allowVoid: true }],
  "no-template-curly-in-string": "error",
  "no-unmodified-loop-condition": "error",
  "no-unreachable-loop": "error",
  "array-callback-return": "error",
  "default-case-last": "error",
  "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
  // Names of files come from outside: elements are built by `make`, never from a string (docs/design.md).
  "no-restricted-properties": ["error", ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({ property }))],
  "no-console": "error",
};

export default [
  { ignores: ["node_modules/"] },
  js.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: "error" }, rules },
  { files: ["*.js", "{exams,site,upload,viewer}/*.js"], languageOptions: { globals: globals.browser } },
  { files: ["*.mjs", "tests/**/*.js", "eslint.config.js"], languageOptions: { globals: { ...globals.node, ...globals.browser } }, rules: { "no-console": "off" } },
];
