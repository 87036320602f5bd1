#!/bin/bash
# Array step, one child per chromosome: calls the variants of both samples together.
# reads:  index/ split/CHROMOSOME/
# writes: call/CHROMOSOME/raw.bcf
. "$(dirname "$0")/common.sh"
need bcftools
chromosome=$(array_index "$chromosomes")
begin "call/$chromosome"
logged bcftools mpileup --no-version -f index/genome.fa -r "chr$chromosome" -q 10 -a FORMAT/AD,FORMAT/DP -Ou \
  "split/$chromosome"/{A,B}.bam |
  bcftools call --no-version --ploidy 2 -mv -Ob -o "$out/raw.bcf"
commit
