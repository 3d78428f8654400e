import { Stack, Text, ThemeIcon, Title } from "@mantine/core";
import {
  type ComponentType,
  type ReactElement,
  type ReactNode,
  cloneElement,
  createElement,
  isValidElement,
} from "react";

interface IconProps {
  size?: number | string;
  stroke?: number | string;
}

/** An icon, or the component that draws it. */
export type Icon = ReactElement<IconProps> | ComponentType<IconProps>;

interface EmptyProps {
  icon: Icon;
  title: string;
  text?: ReactNode;
  /** What to do next: a button or a link. */
  action?: ReactNode;
}

/** Says why there is nothing here, and what to do next. */
export function Empty({ icon, title, text, action }: EmptyProps) {
  return (
    <Stack align="center" gap="xs" py="xl" px="md" ta="center">
      <ThemeIcon variant="light" size={52} radius="xl" aria-hidden>
        {isValidElement(icon)
          ? cloneElement(icon, { size: 28, stroke: 1.5 })
          : createElement(icon, { size: 28, stroke: 1.5 })}
      </ThemeIcon>
      <Title order={2} size="h4">
        {title}
      </Title>
      {text !== undefined && (
        <Text c="dimmed" maw={520} component="div">
          {text}
        </Text>
      )}
      {action}
    </Stack>
  );
}
