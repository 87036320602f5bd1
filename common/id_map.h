// Things by ids that are given out one after another and never again, in the order of their ids.
//
// Where a thing is follows from its id, without a search: in a page of neighbouring ids, so many pages from
// the last one. Pages without things are not kept; where any are missing, the page is searched for among
// those that there are. Costs 8 bytes for each thing where most ids are in use, at worst 300 where ids are
// far apart.
//
// As with std::map, what is in it stays where it is until it is erased. Iterators do not: any insertion or
// erasure ends them, but that of `erase`, which returns the next one.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

namespace bsub {

// `Key`: an Id (common/ids.h).
template <typename Key, typename T>
class IdMap {
 public:
  using value_type = std::pair<const Key, T>;

  template <typename Value>
  class Iterator {
   public:
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = std::remove_const_t<Value>;
    using difference_type = std::ptrdiff_t;
    using pointer = Value*;
    using reference = Value&;

    Iterator() = default;
    // From the one that may change things to the one that may not.
    template <typename Other>
    requires std::is_same_v<Value, const Other> Iterator(const Iterator<Other>& other)
        : map_(other.map_), page_(other.page_), slot_(other.slot_) {}

    reference operator*() const { return *map_->pages_[page_].slots[slot_]; }
    pointer operator->() const { return &**this; }
    Iterator& operator++() {
      std::tie(page_, slot_) = map_->From(page_, slot_ + 1);
      return *this;
    }
    Iterator& operator--() {
      std::tie(page_, slot_) = map_->Before(page_, slot_);
      return *this;
    }
    Iterator operator++(int) { return std::exchange(*this, std::next(*this)); }
    Iterator operator--(int) { return std::exchange(*this, std::prev(*this)); }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    friend class IdMap;
    template <typename Other>
    friend class Iterator;
    Iterator(const IdMap* map, std::size_t page, unsigned slot) : map_(map), page_(page), slot_(slot) {}

    const IdMap* map_ = nullptr;
    std::size_t page_ = 0;  // as many as there are: the end
    unsigned slot_ = 0;
  };
  using iterator = Iterator<value_type>;
  using const_iterator = Iterator<const value_type>;
  using reverse_iterator = std::reverse_iterator<iterator>;
  using const_reverse_iterator = std::reverse_iterator<const_iterator>;

  IdMap() = default;
  IdMap(IdMap&& other) : pages_(std::move(other.pages_)), size_(std::exchange(other.size_, 0)) {}
  IdMap& operator=(IdMap&& other) {
    pages_ = std::move(other.pages_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Null: there is none.
  const T* Find(Key id) const {
    const std::unique_ptr<value_type>* slot = SlotOf(id);
    return slot && *slot ? &(*slot)->second : nullptr;
  }
  T* Find(Key id) { return const_cast<T*>(std::as_const(*this).Find(id)); }
  std::size_t count(Key id) const { return Find(id) ? 1 : 0; }
  // Throws std::out_of_range.
  const T& at(Key id) const {
    if (const T* found = Find(id)) return *found;
    throw std::out_of_range("IdMap::at");
  }
  T& at(Key id) { return const_cast<T&>(std::as_const(*this).at(id)); }

  // What was there stays; with whether it is new.
  template <typename... Arguments>
  std::pair<iterator, bool> emplace(Key id, Arguments&&... arguments) {
    const std::size_t at = MakePage(NumberOf(id));
    const unsigned slot = PlaceOf(id);
    Page& page = pages_[at];
    const bool fresh = !page.slots[slot];
    if (fresh) {
      page.slots[slot] =
          std::make_unique<value_type>(std::piecewise_construct, std::forward_as_tuple(id),
                                       std::forward_as_tuple(std::forward<Arguments>(arguments)...));
      page.used |= 1U << slot;
      ++size_;
    }
    return {iterator(this, at, slot), fresh};
  }
  // Returns what follows.
  iterator erase(const_iterator it) {
    Page& page = pages_[it.page_];
    page.slots[it.slot_].reset();
    page.used &= ~(1U << it.slot_);
    --size_;
    if (page.used != 0) return At(From(it.page_, it.slot_ + 1));
    pages_.erase(pages_.begin() + static_cast<std::ptrdiff_t>(it.page_));
    return At(From(it.page_, 0));
  }
  std::size_t erase(Key id) {
    const const_iterator it = find(id);
    if (it == end()) return 0;
    erase(it);
    return 1;
  }
  void clear() {
    pages_.clear();
    size_ = 0;
  }

  iterator begin() { return At(From(0, 0)); }
  iterator end() { return At({pages_.size(), 0}); }
  iterator find(Key id) { return At(PositionOf(id)); }
  const_iterator begin() const { return At(From(0, 0)); }
  const_iterator end() const { return At({pages_.size(), 0}); }
  const_iterator find(Key id) const { return At(PositionOf(id)); }
  const_iterator lower_bound(Key id) const { return At(NotBefore(id, 0)); }
  const_iterator upper_bound(Key id) const { return At(NotBefore(id, 1)); }
  const_reverse_iterator rbegin() const { return const_reverse_iterator(end()); }
  const_reverse_iterator rend() const { return const_reverse_iterator(begin()); }

 private:
  static constexpr unsigned kSlots = 32;  // of a page: the bits of `used`
  using Number = std::uint64_t;           // of a page: its ids, divided by kSlots
  struct Page {
    Number number = 0;
    std::uint32_t used = 0;  // never 0 between calls
    std::unique_ptr<std::unique_ptr<value_type>[]> slots;
  };
  using Position = std::pair<std::size_t, unsigned>;  // page and slot

  static Number NumberOf(Key id) { return id.value() / kSlots; }
  static unsigned PlaceOf(Key id) { return static_cast<unsigned>(id.value() % kSlots); }

  iterator At(Position p) { return {this, p.first, p.second}; }
  const_iterator At(Position p) const { return {this, p.first, p.second}; }

  // The first page that is not before it; as many as there are: all are.
  std::size_t PageOf(Number number) const {
    const std::size_t pages = pages_.size();
    if (pages == 0 || pages_.back().number < number) return pages;
    const Number from_last = pages_.back().number - number;
    if (from_last < pages && pages_[pages - 1 - from_last].number == number) return pages - 1 - from_last;
    std::size_t first = 0, last = pages - 1;
    while (first < last) {
      const std::size_t middle = first + (last - first) / 2;
      if (pages_[middle].number < number) {
        first = middle + 1;
      } else {
        last = middle;
      }
    }
    return first;
  }
  std::size_t MakePage(Number number) {
    const std::size_t at = PageOf(number);
    if (at == pages_.size() || pages_[at].number != number) {
      pages_.insert(pages_.begin() + static_cast<std::ptrdiff_t>(at),
                    Page{number, 0, std::make_unique<std::unique_ptr<value_type>[]>(kSlots)});
    }
    return at;
  }
  const std::unique_ptr<value_type>* SlotOf(Key id) const {
    const std::size_t at = PageOf(NumberOf(id));
    if (at == pages_.size() || pages_[at].number != NumberOf(id)) return nullptr;
    return &pages_[at].slots[PlaceOf(id)];
  }
  Position PositionOf(Key id) const {
    const std::size_t at = PageOf(NumberOf(id));
    const bool there =
        at < pages_.size() && pages_[at].number == NumberOf(id) && pages_[at].slots[PlaceOf(id)];
    return there ? Position(at, PlaceOf(id)) : Position(pages_.size(), 0);
  }
  Position NotBefore(Key id, unsigned more) const {
    const std::size_t at = PageOf(NumberOf(id));
    const bool inside = at < pages_.size() && pages_[at].number == NumberOf(id);
    return From(at, inside ? PlaceOf(id) + more : 0);
  }
  // The first thing that stands there or behind it. `slot` may be one too many.
  Position From(std::size_t page, unsigned slot) const {
    if (page >= pages_.size()) return {pages_.size(), 0};
    const std::uint32_t rest = slot < kSlots ? pages_[page].used >> slot : 0;
    if (rest != 0) return {page, slot + static_cast<unsigned>(std::countr_zero(rest))};
    if (++page == pages_.size()) return {page, 0};
    return {page, static_cast<unsigned>(std::countr_zero(pages_[page].used))};
  }
  // The last thing before it; there must be one.
  Position Before(std::size_t page, unsigned slot) const {
    const std::uint32_t before = slot == 0 ? 0 : pages_[page].used & ((1U << slot) - 1);
    if (before != 0) return {page, static_cast<unsigned>(std::bit_width(before)) - 1};
    --page;
    return {page, static_cast<unsigned>(std::bit_width(pages_[page].used)) - 1};
  }

  std::deque<Page> pages_;  // ascending; a deque, since mostly the first ones go and new ones come at the end
  std::size_t size_ = 0;
};

}  // namespace bsub
