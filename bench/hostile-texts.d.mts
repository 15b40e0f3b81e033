export function hostileTexts(length: number): [name: string, text: string][];
