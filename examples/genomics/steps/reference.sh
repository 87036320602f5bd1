#!/bin/bash
# Makes the genome (4 chromosomes), the variants that samples A and B carry, and their two haplotypes each.
# reads:  nothing, only the seed
# writes: reference/genome.fa truth.vcf haplotypes.fa settings
. "$(dirname "$0")/common.sh"
need python3
begin reference
python3 "$here/simulate.py" genome --seed "$seed" "$out"
echo "$settings" >"$out/settings"
commit
