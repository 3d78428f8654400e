import { Burger, Drawer } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useRef } from "react";
import { Link, Outlet, ScrollRestoration, useMatch, useNavigation } from "react-router";
import { useSession } from "../session/session";
import { BrandMark } from "./BrandMark";
import { LiveIndicator } from "./LiveIndicator";
import { Navigation } from "./Navigation";
import styles from "./Shell.module.css";

/** What is around every view: header, navigation, and the place where the view goes. */
export function Shell() {
  const session = useSession();
  const [menuOpened, menu] = useDisclosure(false);
  // Only operators are ever between tenants.
  const tenant = useMatch("/t/:tenant/*")?.params.tenant ?? session.tenant ?? undefined;
  const burger = useRef<HTMLButtonElement>(null);
  const loading = useNavigation().state === "loading";

  return (
    <>
      <SkipLink />
      <header className={styles.header}>
        <Burger
          ref={burger}
          className={styles.burger}
          opened={menuOpened}
          onClick={menu.toggle}
          aria-label="Menu"
          aria-expanded={menuOpened}
          size="sm"
        />
        <Link to="/" className={styles.brand}>
          <BrandMark />
        </Link>
        <LiveIndicator tenant={tenant} />
        {loading && <div className={styles.progress} role="progressbar" aria-label="Loading the page" />}
      </header>
      <div className={styles.frame}>
        <aside className={styles.side} aria-label="Navigation and session">
          <Navigation tenant={tenant} />
        </aside>
        <main id="main" tabIndex={-1} className={styles.main}>
          <Outlet />
        </main>
      </div>
      {/* Whoever closes it goes on at the button; whoever follows a link, at the new view's heading. */}
      <Drawer
        opened={menuOpened}
        onClose={() => {
          menu.close();
          burger.current?.focus();
        }}
        returnFocus={false}
        title="Menu"
        size="xs"
      >
        <Navigation tenant={tenant} onFollow={menu.close} />
      </Drawer>
      <ScrollRestoration />
    </>
  );
}

function SkipLink() {
  return (
    <a
      href="#main"
      className={styles.skip}
      onClick={(event) => {
        // The address belongs to the router; only the focus moves.
        event.preventDefault();
        document.getElementById("main")?.focus();
      }}
    >
      Skip to content
    </a>
  );
}
