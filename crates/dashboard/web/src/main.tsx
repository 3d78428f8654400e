import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./app/global.css";
import { MantineProvider, localStorageColorSchemeManager } from "@mantine/core";
import { ModalsProvider } from "@mantine/modals";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter } from "react-router";
import { RouterProvider } from "react-router/dom";
import { place } from "./api/place";
import { queryClient } from "./api/queryClient";
import { reloadOnMissingParts } from "./app/missingParts";
import { nonce, shareNonce } from "./app/nonce";
import { routes } from "./app/routes";
import { theme, variables } from "./app/theme";
import { takeLinkFromAddress } from "./session/link";
import { sessionQuery } from "./session/queries";

reloadOnMissingParts();
shareNonce();
takeLinkFromAddress();

// Asked for while the view's code is still on its way; the view says what went wrong.
queryClient.query(sessionQuery).catch(() => undefined);

const router = createBrowserRouter(routes, { basename: `/${place}` });
const colorSchemes = localStorageColorSchemeManager({ key: "fanfare-colours" });

const root = document.getElementById("root");
if (root === null) throw new Error("the document has no place for the application");

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={variables}
        colorSchemeManager={colorSchemes}
        defaultColorScheme="auto"
        getStyleNonce={() => nonce}
      >
        <Notifications position="bottom-right" />
        <ModalsProvider>
          <RouterProvider router={router} />
        </ModalsProvider>
      </MantineProvider>
    </QueryClientProvider>
  </StrictMode>,
);
