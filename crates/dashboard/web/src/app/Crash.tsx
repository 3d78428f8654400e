import { Button, Code, Group, Text, Title } from "@mantine/core";
import { isRouteErrorResponse, useRouteError } from "react-router";
import { place } from "../api/place";
import { Page } from "../parts/Page";
import { visibleText } from "../parts/visible";
import { Blank } from "./Blank";

const TITLE = "This page broke";

/** For errors of our own, where not even the shell can be shown. */
export function Crash() {
  return (
    <Blank>
      <Title order={1} size="h3">
        {TITLE}
      </Title>
      <WhatNow />
    </Blank>
  );
}

/** For errors of one view; the navigation beside it still works. */
export function ViewCrash() {
  return (
    <Page title={TITLE}>
      <WhatNow />
    </Page>
  );
}

function WhatNow() {
  const error = useRouteError();
  return (
    <>
      <Text>
        Something in the dashboard itself went wrong. Events and deliveries are not affected. Load the page
        again; if it breaks again, tell your operator what it says here.
      </Text>
      <Code block>{visibleText(describe(error))}</Code>
      <Group>
        <Button onClick={() => window.location.reload()}>Load again</Button>
        <Button variant="default" component="a" href={`/${place}/`}>
          Go to the overview
        </Button>
      </Group>
    </>
  );
}

function describe(error: unknown): string {
  if (isRouteErrorResponse(error)) return `${error.status} ${error.statusText}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
