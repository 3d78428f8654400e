import { brand, isOurs } from "./brand";
import styles from "./BrandMark.module.css";
import icon from "./icon.svg";

/** The operator's logo and name. The name is always there, so the picture says nothing by itself. */
export function BrandMark() {
  // Our own sign beside somebody else's name would only confuse.
  const picture = brand.logo ?? (isOurs(brand) ? icon : null);
  return (
    <span className={styles.mark}>
      {picture !== null && <img src={picture} alt="" className={styles.logo} />}
      <span className={styles.name}>{brand.name}</span>
    </span>
  );
}
