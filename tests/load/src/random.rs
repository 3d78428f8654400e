//! Numbers that look random and are the same in each run: SplitMix64 (Steele, Lea and Flood, 2014).

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

pub(crate) struct Random(u64);

impl Random {
    /// Others for each `seed`, those of neighbouring seeds too.
    pub(crate) fn from(seed: u64) -> Self {
        let mut random = Self(seed);
        Self(random.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
