import { go } from "./go";
import { php } from "./php";
import { python } from "./python";
import { ruby } from "./ruby";
import type { Rule } from "./rule";
import { typescript } from "./typescript";

export interface Language {
  id: string;
  name: string;
  code: (rule: Rule) => string;
}

/** Languages that there is verifying code for. */
export const LANGUAGES: readonly Language[] = [
  { id: "typescript", name: "TypeScript", code: typescript },
  { id: "python", name: "Python", code: python },
  { id: "go", name: "Go", code: go },
  { id: "ruby", name: "Ruby", code: ruby },
  { id: "php", name: "PHP", code: php },
];
