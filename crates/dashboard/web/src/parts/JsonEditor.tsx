import { Button, Group, Textarea } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { indentJson } from "./indentJson";
import { jsonProblem } from "./jsonProblem";

interface JsonEditorProps {
  label: ReactNode;
  value: string;
  onChange: (value: string) => void;
  error?: ReactNode;
  description?: ReactNode;
  disabled?: boolean;
  required?: boolean;
  minRows?: number;
}

/** A field for JSON. It says where the text stops being JSON once one leaves it, and can put it in order. */
export function JsonEditor({ label, value, onChange, error, minRows = 6, ...rest }: JsonEditorProps) {
  const [left, setLeft] = useState(false);
  const problem = left && value.trim() !== "" ? jsonProblem(value) : null;
  const indented = indentJson(value);
  return (
    <div>
      <Textarea
        label={label}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        onBlur={() => setLeft(true)}
        error={error ?? problem}
        autosize
        minRows={minRows}
        maxRows={24}
        spellCheck={false}
        autoCapitalize="off"
        autoCorrect="off"
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "0.8125rem" } }}
        {...rest}
      />
      <Group justify="flex-end" mt={4}>
        <Button
          variant="subtle"
          size="compact-xs"
          disabled={indented === null || indented === value}
          onClick={() => indented !== null && onChange(indented)}
        >
          Indent
        </Button>
      </Group>
    </div>
  );
}
