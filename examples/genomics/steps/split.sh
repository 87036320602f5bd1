#!/bin/bash
# Array step, one child per chromosome: collects its alignments from all chunks, one file per sample, and marks
# duplicate fragments, which needs all lanes of a sample together.
# reads:  align/*/aligned.bam
# writes: split/CHROMOSOME/A.bam B.bam and their indexes
. "$(dirname "$0")/common.sh"
need samtools
chromosome=$(array_index "$chromosomes")
begin "split/$chromosome"
for sample in A B; do
  first=$([[ $sample == A ]] && echo 1 || echo 2)
  mapfile -t lanes < <(seq -f 'align/%g/aligned.bam' "$first" 2 "$chunks")
  samtools merge --no-PG -u -R "chr$chromosome" -o - "${lanes[@]}" |
    samtools markdup --no-PG -@ "$((cpus - 1))" -T "$out/markdup" - "$out/$sample.bam"
  samtools index "$out/$sample.bam"
done
commit
