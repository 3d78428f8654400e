/** Whose dashboard this is, as the operator has set it. */
export interface Brand {
  name: string;
  logo: string | null;
  accent: string | null;
}

const OURS: Brand = { name: "Fanfare", logo: null, accent: null };

/** Reads what the server has written into the document; ours, where it has written nothing. */
export function brandFrom(text: string | null | undefined): Brand {
  let members: Partial<Record<keyof Brand, unknown>>;
  try {
    const read: unknown = JSON.parse(text ?? "");
    members = typeof read === "object" && read !== null ? read : {};
  } catch {
    return OURS;
  }
  const { name, logo, accent } = members;
  return {
    name: typeof name === "string" && name.trim() !== "" ? name : OURS.name,
    logo: typeof logo === "string" ? logo : OURS.logo,
    accent: typeof accent === "string" && /^#[0-9a-f]{6}$/i.test(accent) ? accent : OURS.accent,
  };
}

/** Whether no operator has put a name of his own. */
export function isOurs({ name }: Brand): boolean {
  return name === OURS.name;
}

export const brand: Brand = brandFrom(document.getElementById("brand")?.textContent);
