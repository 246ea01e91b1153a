export declare function crossCheck(
  years: readonly number[],
  isWorkingDay: (date: string) => boolean,
): {
  days: number;
  packages: string[];
  differences: { package: string; date: string; ours: boolean; reason: string }[];
  faults: string[];
};
