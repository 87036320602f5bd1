#include "checkpoint/src/mappings.h"

#include <algorithm>

namespace bsub::ckpt {
namespace {

class PartMappings {
 public:
  PartMappings(const Part& part, const StoredPart& stored, const std::vector<Place>& places,
               std::int32_t rank)
      : part_(part), stored_(stored), places_(places), rank_(rank), grid_(stored.box.count, stored.cut) {}

  void Append(std::vector<Mapping>& mappings) const {
    if (IsOnePiece()) {
      const Box all{std::vector<std::uint64_t>(part_.box.count.size(), 0), part_.box.count};
      mappings.push_back(
          {part_.name, part_.box, stored_.blocks.front().generation, rank_, part_.box.count, all});
      return;
    }
    for (std::uint64_t first = 0, end; first < grid_.size(); first = end) {
      for (end = first + 1; end < grid_.size() && Continues(end);) ++end;
      mappings.push_back(Run(first, end));
    }
  }

 private:
  bool IsOnePiece() const {
    const std::uint64_t generation = stored_.blocks.front().generation;
    return std::ranges::all_of(places_, [](const Place& place) { return place.changed_blocks == 0; }) &&
           std::ranges::all_of(stored_.blocks,
                               [&](const StoredBlock& block) { return block.generation == generation; });
  }

  bool IsFull(std::uint64_t block) const { return grid_.elements(block) == grid_.full_elements(); }

  // True if `block` and the one before it are neighbours in the array and in their shard.
  bool Continues(std::uint64_t block) const {
    const Place& before = places_[block - 1];
    const Place& here = places_[block];
    if (block % grid_.per_line() == 0) return false;
    if (stored_.blocks[block].generation != stored_.blocks[block - 1].generation) return false;
    if (here.changed_blocks == 0 || before.changed_blocks == 0) {
      return here.changed_blocks == before.changed_blocks;
    }
    return here.index == before.index + 1 && IsFull(block) && IsFull(block - 1);
  }

  Mapping Run(std::uint64_t first, std::uint64_t end) const {
    const auto along = static_cast<std::size_t>(stored_.cut.along);
    Box box = grid_.box(first);
    for (std::uint64_t block = first + 1; block < end; ++block)
      box.count[along] += grid_.box(block).count[along];
    Mapping mapping{part_.name, box, stored_.blocks[first].generation, rank_, part_.box.count, box};
    for (std::size_t d = 0; d < box.offset.size(); ++d) mapping.target.offset[d] += part_.box.offset[d];
    const Place& place = places_[first];
    if (place.changed_blocks == 0) return mapping;
    mapping.source_shape = grid_.shape();
    mapping.source_shape.insert(mapping.source_shape.begin(), place.changed_blocks);
    mapping.source.offset.assign(mapping.source_shape.size(), 0);
    mapping.source.offset[0] = place.index;
    mapping.source.count = grid_.box(first).count;
    mapping.source.count.insert(mapping.source.count.begin(), end - first);
    return mapping;
  }

  const Part& part_;
  const StoredPart& stored_;
  const std::vector<Place>& places_;
  std::int32_t rank_;
  BlockGrid grid_;
};

}  // namespace

void AppendMappings(const Part& part, const StoredPart& stored, const std::vector<Place>& places,
                    std::int32_t rank, std::vector<Mapping>& mappings) {
  PartMappings(part, stored, places, rank).Append(mappings);
}

}  // namespace bsub::ckpt
