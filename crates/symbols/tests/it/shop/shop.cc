// What a C++ compiler makes of templates, members, inlined calls and local names.
namespace shop {

volatile int sink;

static inline __attribute__((always_inline)) int twice(int price) {
  sink = price;
  return price + sink;
}

static inline __attribute__((always_inline)) int with_tax(int price) {
  int doubled = twice(price);
  sink = doubled;
  return doubled + 1;
}

template <typename Amount> struct Till {
  Amount total = 0;

  __attribute__((noinline)) Amount add(Amount amount) {
    total += with_tax(amount);
    return total;
  }
};

__attribute__((noinline)) int close(int count) {
  Till<int> till;
  auto sell = [&till](int amount) __attribute__((noinline)) { return till.add(amount); };
  for (int i = 0; i < count; i++) {
    sell(i);
  }
  return till.total;
}

} // namespace shop

extern "C" __attribute__((noinline)) int open_shop(int count) {
  return shop::close(count) + shop::with_tax(count);
}

int main(int argc, char **) { return open_shop(argc); }
