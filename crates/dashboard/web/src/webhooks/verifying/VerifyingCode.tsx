import { Code, List, SegmentedControl, Stack, Tabs, Text } from "@mantine/core";
import { IconFileUnknown } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { CodeBlock } from "../../parts/CodeBlock";
import { Empty } from "../../parts/Empty";
import { Loaded } from "../../parts/Loaded";
import { profilesQuery } from "../queries";
import type { Profile, Signing } from "../types";
import { LANGUAGES } from "./languages";
import { type Rule, ruleOf, waysToVerify } from "./rule";

interface VerifyingCodeProps {
  /** The webhook's profile. */
  profile: string;
  signing: Signing | null | undefined;
}

/** Code by which a receiver knows that a request is genuine, right for a webhook's profile. */
export function VerifyingCode({ profile, signing }: VerifyingCodeProps) {
  const profiles = useQuery(profilesQuery());
  return (
    <Loaded query={profiles}>
      {(known) => {
        const found = known.find(({ name }) => name === profile);
        return found ? (
          <OfProfile profile={found} signing={signing} />
        ) : (
          <Empty
            icon={IconFileUnknown}
            title={`The profile ${profile} is not known`}
            text="The operator has taken it away, so nobody can say here how its requests are signed."
          />
        );
      }}
    </Loaded>
  );
}

const WAY_WORDS: Record<Rule["by"], string> = {
  secret: "With the secret",
  public_key: "With the public key",
};

function OfProfile({ profile, signing }: { profile: Profile; signing: VerifyingCodeProps["signing"] }) {
  const ways = waysToVerify(signing);
  const [chosen, choose] = useState(ways[0] ?? "secret");
  const by = ways.includes(chosen) ? chosen : (ways[0] ?? "secret");
  return (
    <Stack>
      <Advice profile={profile} />
      {ways.length > 1 && (
        <SegmentedControl
          aria-label="What verifies"
          data={ways.map((way) => ({ value: way, label: WAY_WORDS[way] }))}
          value={by}
          onChange={(way) => choose(way === "public_key" ? way : "secret")}
        />
      )}
      <Snippets rule={ruleOf(profile, by)} />
    </Stack>
  );
}

function Snippets({ rule }: { rule: Rule }) {
  return (
    <Tabs defaultValue={LANGUAGES[0]?.id} keepMounted={false}>
      <Tabs.List aria-label="Language">
        {LANGUAGES.map(({ id, name }) => (
          <Tabs.Tab key={id} value={id}>
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {LANGUAGES.map(({ id, name, code }) => (
        <Tabs.Panel key={id} value={id} pt="xs">
          <CodeBlock text={code(rule)} language={id} label={`Verifying code in ${name}`} maxHeight={480} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

function Advice({ profile }: { profile: Profile }) {
  return (
    <>
      <Text size="sm">
        Anybody who knows your URL can post to it. Only requests whose signature fits come from here, so check
        it before you do anything else. The function is complete: put it into your receiver and hand it the
        secret, the headers and the body.
      </Text>
      <List size="sm" spacing={4}>
        <List.Item>
          Give it the body&apos;s raw bytes. Parsing and printing JSON may change them, and then nothing fits.
        </List.Item>
        <List.Item>
          Answer with <Code>{profile.success.from}</Code> to <Code>{profile.success.to}</Code> within{" "}
          {profile.timeout}, and do the work afterwards.
        </List.Item>
        <List.Item>
          An event may come more than once, always with the same id. Remember the ids that you have seen.
        </List.Item>
      </List>
    </>
  );
}
