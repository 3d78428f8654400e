import { Alert, Anchor, Box, Button, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { type LoaderFunctionArgs, replace, useLoaderData, useLocation, useNavigate } from "react-router";
import { place } from "../api/place";
import { type ProblemError, asProblem } from "../api/problem";
import { Blank } from "../app/Blank";
import { brand } from "../app/brand";
import { useDocumentTitle } from "../parts/documentTitle";
import { takeLinkToken } from "./link";
import { signIn } from "./queries";
import { pathAfterSignIn } from "./returning";

/** Uses the one-time link that the address held. A loader runs once, and so does a link. */
export async function loader({ request }: LoaderFunctionArgs): Promise<ProblemError | Response | null> {
  const link = takeLinkToken();
  if (link === null) return null;
  try {
    await signIn({ link });
  } catch (error) {
    return asProblem(error);
  }
  return replace(pathAfterSignIn(new URL(request.url).search));
}

export function Component() {
  const linkProblem = useLoaderData<ProblemError | null>();
  useDocumentTitle(place === "portal" ? "Link needed" : "Sign in");
  return (
    <Blank>
      {linkProblem && <LinkProblem problem={linkProblem} />}
      {place === "portal" ? <LinkNeeded /> : <KeyForm />}
    </Blank>
  );
}

function LinkProblem({ problem }: { problem: ProblemError }) {
  const spent = problem.status === 401;
  return (
    <Alert color="red" title={spent ? "This link does not work any more" : problem.title} role="alert">
      {spent ? "A link works once, and only for a short time. Ask for a new one." : problem.detail}
    </Alert>
  );
}

function LinkNeeded() {
  return (
    <Stack gap="xs">
      <Title order={1} size="h3">
        You need a new link
      </Title>
      <Text>
        Your visit has ended, or has not begun. Go back to {brand.name} and open your webhooks from there:
        that gives you a new link.
      </Text>
    </Stack>
  );
}

function KeyForm() {
  const [key, setKey] = useState("");
  const [missing, setMissing] = useState(false);
  const navigate = useNavigate();
  const { search } = useLocation();
  const entering = useMutation({
    mutationFn: (entered: string) => signIn({ key: entered }),
    onSuccess: () => navigate(pathAfterSignIn(search), { replace: true }),
  });

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const entered = key.trim();
    setMissing(entered === "");
    if (entered !== "") entering.mutate(entered);
  };

  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <Title order={1} size="h3">
          Sign in to {brand.name}
        </Title>
        <PasswordInput
          label="API key"
          description="It stays here: your browser gets a session instead of the key."
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
          error={missing ? "Enter your API key." : entering.error && keyProblem(asProblem(entering.error))}
          autoComplete="current-password"
          spellCheck={false}
          // The page has nothing else to begin with.
          // eslint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          visibilityToggleButtonProps={{ "aria-label": "Show or hide the key", tabIndex: 0 }}
        />
        <Button type="submit" loading={entering.isPending}>
          Sign in
        </Button>
        <WhereKeysAre />
      </Stack>
    </form>
  );
}

function keyProblem(problem: ProblemError): string {
  if (problem.status === 401)
    return "No such key. Check that you copied all of it, and that it was not deleted.";
  if (problem.status === 403) return "This key may only publish events. Use one that may do everything.";
  return problem.detail;
}

function WhereKeysAre() {
  return (
    <details>
      <Text component="summary" size="sm" c="var(--mantine-color-anchor)">
        Where do I find a key?
      </Text>
      <Box component="ul" mt="xs" mb={0} pl="md" fz="sm">
        <li>
          <code>fanfare standalone</code> prints a link when it starts that signs you in once, without a key.
        </li>
        <li>
          The operator's key lies in its data directory, in the file <code>operator.key</code>. Elsewhere it
          is what <code>FANFARE_OPERATOR_KEY</code> says.
        </li>
        <li>
          Operators make keys for others under “API keys”, or by <code>POST /v1/api-keys</code>; ask yours for
          one. The{" "}
          <Anchor href="/openapi.json" fz="inherit">
            description of the API
          </Anchor>{" "}
          says how.
        </li>
      </Box>
    </details>
  );
}
