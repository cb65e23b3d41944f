// SPDX-License-Identifier: MIT
#include "simulation/crash_vfs.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

namespace sluice::simulation {
namespace {

constexpr std::int64_t sector_bytes = 512;

int code_of(DiskVerdict verdict, int io_code) {
  switch (verdict) {
    case DiskVerdict::fine:
      return SQLITE_OK;
    case DiskVerdict::full:
      return SQLITE_FULL;
    case DiskVerdict::busy:
      return SQLITE_BUSY;
    case DiskVerdict::die:
    case DiskVerdict::io_error:
      break;
  }
  return io_code;
}

}  // namespace

/// Of one open file.
struct Disk::Handle {
  sqlite3_file base;
  Disk* disk;
  std::shared_ptr<File> file;
  std::shared_ptr<SharedMemory> memory;
  std::uint64_t epoch;
  int level = SQLITE_LOCK_NONE;
  std::array<bool, SQLITE_SHM_NLOCK> reads{};

  bool is_dead() const { return epoch != disk->epoch_; }
};

void Disk::apply(std::string& bytes, const Write& write) {
  if (write.is_truncation) {
    bytes.resize(static_cast<std::size_t>(write.at));
    return;
  }
  const std::size_t end = static_cast<std::size_t>(write.at) + write.bytes.size();
  if (bytes.size() < end) bytes.resize(end);
  std::memcpy(bytes.data() + write.at, write.bytes.data(), write.bytes.size());
}

void Disk::kill() {
  ++epoch_;
  for (auto& [name, file] : files_) {
    file->memory = std::make_shared<SharedMemory>();
    file->shared_locks = 0;
    file->reserved = file->exclusive = nullptr;
  }
}

std::string Disk::left_by_power_cut(const File& file, Dice& dice) {
  std::string left = file.synced;
  // Sometimes nothing had been written yet, sometimes all of it; in between, anything may be missing or torn.
  const double kept = dice.chance(0.4) ? 0 : dice.chance(0.3) ? 1 : dice.uniform();
  for (const Write& write : file.unsynced) {
    if (!dice.chance(kept)) continue;
    Write part = write;
    const auto sectors = static_cast<std::int64_t>(part.bytes.size()) / sector_bytes;
    if (sectors > 1 && dice.chance(0.2)) {
      part.bytes.resize(static_cast<std::size_t>(dice.between(1, sectors - 1) * sector_bytes));
    }
    apply(left, part);
  }
  return left;
}

void Disk::lose_power(Dice& dice) {
  for (auto& [name, file] : removed_) {
    if (!files_.contains(name) && dice.chance(0.5)) files_[name] = file;
  }
  removed_.clear();
  Image left;
  for (const auto& [name, file] : files_) left.files[name] = left_by_power_cut(*file, dice);
  load(left);
}

bool Disk::is_durable(const std::string& name) {
  const auto found = files_.find(name);
  if (found == files_.end()) return true;
  File& file = *found->second;
  if (!file.unsynced.empty()) return false;
  if (file.may_have_lost) file.may_have_lost = file.live != file.synced;
  return !file.may_have_lost;
}

Disk::Image Disk::certain_image() const {
  Image image;
  for (const auto& [name, file] : files_) image.files[name] = file->synced;
  return image;
}

Disk::Image Disk::live_image() const {
  Image image;
  for (const auto& [name, file] : files_) image.files[name] = file->live;
  return image;
}

void Disk::load(const Image& image) {
  files_.clear();
  removed_.clear();
  for (const auto& [name, bytes] : image.files) {
    File& loaded = file(name);
    loaded.live = loaded.synced = bytes;
  }
}

bool Disk::has_content(const std::string& name) const {
  const auto found = files_.find(name);
  return found != files_.end() && !found->second->live.empty();
}

Disk::File& Disk::file(const std::string& name) {
  std::shared_ptr<File>& kept = files_[name];
  if (!kept) {
    kept = std::make_shared<File>();
    kept->name = name;
  }
  return *kept;
}

int Disk::ask(DiskCall call, const std::string& name, int io_code) {
  if (shields_ > 0 || !judge) return SQLITE_OK;
  const DiskVerdict verdict = judge(call, name);
  last_errno_ = verdict == DiskVerdict::full ? ENOSPC : EIO;
  return code_of(verdict, io_code);
}

int Disk::sync(File& file) {
  if (heeds_sync && !heeds_sync(file.name)) return SQLITE_OK;
  const std::uint64_t epoch = epoch_;
  const int code = ask(DiskCall::sync, file.name, SQLITE_IOERR_FSYNC);
  if (code != SQLITE_OK && epoch != epoch_) return code;  // Who died in a sync leaves what it waited for.
  if (code != SQLITE_OK) {
    file.unsynced.clear();
    file.may_have_lost = true;
    return code;
  }
  for (const Write& write : file.unsynced) apply(file.synced, write);
  file.unsynced.clear();
  removed_.clear();  // The journal of the real file system has been written as well.
  return SQLITE_OK;
}

void Disk::remove(const std::string& name) {
  const auto found = files_.find(name);
  if (found == files_.end()) return;
  removed_[name] = found->second;
  files_.erase(found);
}

struct CrashVfs::Methods {
  using Handle = Disk::Handle;

  static Handle& of(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }

  static int close(sqlite3_file* f) {
    shm_unmap(f, 0);
    unlock(f, SQLITE_LOCK_NONE);
    of(f).~Handle();
    return SQLITE_OK;
  }

  static int read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
    Handle& h = of(f);
    if (h.is_dead()) return SQLITE_IOERR_READ;
    if (const int code = h.disk->ask(DiskCall::read, h.file->name, SQLITE_IOERR_READ)) return code;
    const std::string& live = h.file->live;
    const auto from = static_cast<std::size_t>(at);
    const std::size_t there =
        from >= live.size() ? 0 : std::min<std::size_t>(live.size() - from, static_cast<std::size_t>(n));
    std::memcpy(to, live.data() + std::min(from, live.size()), there);
    if (there == static_cast<std::size_t>(n)) return SQLITE_OK;
    std::memset(static_cast<char*>(to) + there, 0, static_cast<std::size_t>(n) - there);
    return SQLITE_IOERR_SHORT_READ;
  }

  static int change(Handle& h, DiskCall call, Disk::Write write, int io_code) {
    if (h.is_dead()) return io_code;
    if (const int code = h.disk->ask(call, h.file->name, io_code)) return code;
    Disk::apply(h.file->live, write);
    h.file->unsynced.push_back(std::move(write));
    return SQLITE_OK;
  }

  static int write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
    return change(of(f), DiskCall::write,
                  {at, std::string{static_cast<const char*>(from), static_cast<std::size_t>(n)}, false},
                  SQLITE_IOERR_WRITE);
  }

  static int truncate(sqlite3_file* f, sqlite3_int64 size) {
    return change(of(f), DiskCall::truncate, {size, {}, true}, SQLITE_IOERR_TRUNCATE);
  }

  static int sync(sqlite3_file* f, int) {
    Handle& h = of(f);
    return h.is_dead() ? SQLITE_IOERR_FSYNC : h.disk->sync(*h.file);
  }

  static int size(sqlite3_file* f, sqlite3_int64* size) {
    *size = static_cast<sqlite3_int64>(of(f).file->live.size());
    return of(f).is_dead() ? SQLITE_IOERR_FSTAT : SQLITE_OK;
  }

  static int lock(sqlite3_file* f, int level) {
    Handle& h = of(f);
    Disk::File& file = *h.file;
    if (h.is_dead()) return SQLITE_IOERR_LOCK;
    const auto is_others = [&h](const void* holder) { return holder != nullptr && holder != &h; };
    if (level <= h.level) return SQLITE_OK;
    if (is_others(file.exclusive)) return SQLITE_BUSY;
    if (h.level == SQLITE_LOCK_NONE) ++file.shared_locks;
    h.level = std::max(h.level, SQLITE_LOCK_SHARED);
    if (level >= SQLITE_LOCK_RESERVED) {
      if (is_others(file.reserved)) return SQLITE_BUSY;
      file.reserved = &h;
      h.level = std::max(h.level, SQLITE_LOCK_RESERVED);
    }
    if (level == SQLITE_LOCK_EXCLUSIVE) {
      if (file.shared_locks > 1) return SQLITE_BUSY;
      file.exclusive = &h;
    }
    h.level = level;
    return SQLITE_OK;
  }

  static int unlock(sqlite3_file* f, int level) {
    Handle& h = of(f);
    Disk::File& file = *h.file;
    if (!h.is_dead() && level < h.level) {
      if (file.exclusive == &h) file.exclusive = nullptr;
      if (file.reserved == &h) file.reserved = nullptr;
      if (level == SQLITE_LOCK_NONE) --file.shared_locks;
    }
    h.level = std::min(h.level, level);
    return SQLITE_OK;
  }

  static int reserved(sqlite3_file* f, int* out) {
    *out = of(f).file->reserved != nullptr ? 1 : 0;
    return SQLITE_OK;
  }

  static int control(sqlite3_file*, int op, void* arg) {
    if (op != SQLITE_FCNTL_HAS_MOVED) return SQLITE_NOTFOUND;
    *static_cast<int*>(arg) = 0;
    return SQLITE_OK;
  }

  static int sector(sqlite3_file*) { return 4096; }
  static int traits(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int shm_map(sqlite3_file* f, int page, int bytes, int extend, void volatile** out) {
    Handle& h = of(f);
    *out = nullptr;
    if (h.is_dead() || bytes != 32768) return SQLITE_IOERR_SHMMAP;
    if (!h.memory) {
      h.memory = h.file->memory;
      ++h.memory->users;
    }
    auto& regions = h.memory->regions;
    const auto wanted = static_cast<std::size_t>(page);
    if (wanted >= regions.size() && extend == 0) return SQLITE_OK;
    while (wanted >= regions.size()) regions.push_back(std::make_unique<std::array<char, 32768>>());
    *out = regions[wanted]->data();
    return SQLITE_OK;
  }

  static int shm_lock(sqlite3_file* f, int at, int n, int flags) {
    Handle& h = of(f);
    if (h.is_dead() || !h.memory) return SQLITE_IOERR_SHMLOCK;
    Disk::SharedMemory& memory = *h.memory;
    const bool is_write = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    const auto first = static_cast<std::size_t>(at);
    const auto last = first + static_cast<std::size_t>(n);
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
      for (std::size_t i = first; i < last; ++i) {
        if (memory.writer[i] == &h) memory.writer[i] = nullptr;
        if (h.reads[i]) --memory.readers[i];
        h.reads[i] = false;
      }
      return SQLITE_OK;
    }
    if (is_write && at == 0) {
      if (const int code = h.disk->ask(DiskCall::write_lock, h.file->name, SQLITE_IOERR_SHMLOCK)) return code;
    }
    for (std::size_t i = first; i < last; ++i) {
      const bool is_written_by_other = memory.writer[i] != nullptr && memory.writer[i] != &h;
      const bool is_read_by_other = memory.readers[i] > (h.reads[i] ? 1 : 0);
      if (is_written_by_other || (is_write && is_read_by_other)) return SQLITE_BUSY;
    }
    for (std::size_t i = first; i < last; ++i) {
      if (is_write) {
        memory.writer[i] = &h;
      } else if (!h.reads[i]) {
        ++memory.readers[i];
        h.reads[i] = true;
      }
    }
    return SQLITE_OK;
  }

  static void shm_barrier(sqlite3_file*) {}

  static int shm_unmap(sqlite3_file* f, int) {
    Handle& h = of(f);
    if (!h.memory) return SQLITE_OK;
    shm_lock(f, 0, SQLITE_SHM_NLOCK, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
    if (--h.memory->users == 0) h.memory->regions.clear();
    h.memory.reset();
    return SQLITE_OK;
  }

  static CrashVfs& self(sqlite3_vfs* vfs) { return *static_cast<CrashVfs*>(vfs->pAppData); }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    static const sqlite3_io_methods methods{.iVersion = 2,
                                            .xClose = close,
                                            .xRead = read,
                                            .xWrite = write,
                                            .xTruncate = truncate,
                                            .xSync = sync,
                                            .xFileSize = size,
                                            .xLock = lock,
                                            .xUnlock = unlock,
                                            .xCheckReservedLock = reserved,
                                            .xFileControl = control,
                                            .xSectorSize = sector,
                                            .xDeviceCharacteristics = traits,
                                            .xShmMap = shm_map,
                                            .xShmLock = shm_lock,
                                            .xShmBarrier = shm_barrier,
                                            .xShmUnmap = shm_unmap};
    Disk& disk = *self(vfs).disk_;
    file->pMethods = nullptr;
    const std::string path = name == nullptr ? std::string{} : name;
    if (const int code = disk.ask(DiskCall::open, path, SQLITE_CANTOPEN)) return code;
    if (out_flags != nullptr) *out_flags = flags;
    const std::uint64_t epoch = disk.epoch_;
    std::shared_ptr<Disk::File> opened;
    if (path.empty()) {
      opened = std::make_shared<Disk::File>();
    } else {
      disk.file(path);
      opened = disk.files_[path];
    }
    new (file) Handle{{&methods}, &disk, std::move(opened), nullptr, epoch};
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* vfs, const char* name, int) {
    Disk& disk = *self(vfs).disk_;
    if (const int code = disk.ask(DiskCall::truncate, name, SQLITE_IOERR_DELETE)) return code;
    disk.remove(name);
    return SQLITE_OK;
  }

  static int access(sqlite3_vfs* vfs, const char* name, int, int* out) {
    *out = self(vfs).disk_->files_.contains(name) ? 1 : 0;
    return SQLITE_OK;
  }

  static int full_path(sqlite3_vfs*, const char* name, int bytes, char* out) {
    if (std::strlen(name) >= static_cast<std::size_t>(bytes)) return SQLITE_CANTOPEN;
    std::strcpy(out, name);
    return SQLITE_OK;
  }

  static int random(sqlite3_vfs* vfs, int bytes, char* out) {
    for (int i = 0; i < bytes; ++i) out[i] = static_cast<char>(self(vfs).dice_.bits());
    return bytes;
  }

  static int sleep(sqlite3_vfs* vfs, int microseconds) {
    Disk& disk = *self(vfs).disk_;
    if (disk.slept) disk.slept(std::chrono::microseconds{microseconds});
    return microseconds;
  }

  static int time(sqlite3_vfs*, sqlite3_int64* out) {
    *out = 212'000'000'000'000;
    return SQLITE_OK;
  }

  static int last_error(sqlite3_vfs* vfs, int, char*) { return self(vfs).disk_->last_errno_; }
};

CrashVfs::CrashVfs() : real_(sqlite3_vfs_find(nullptr)) {
  vfs_ = *real_;
  vfs_.iVersion = 2;
  vfs_.szOsFile = static_cast<int>(sizeof(Disk::Handle));
  vfs_.zName = "crash";
  vfs_.pAppData = this;
  vfs_.xOpen = Methods::open;
  vfs_.xDelete = Methods::remove;
  vfs_.xAccess = Methods::access;
  vfs_.xFullPathname = Methods::full_path;
  vfs_.xRandomness = Methods::random;
  vfs_.xSleep = Methods::sleep;
  vfs_.xCurrentTimeInt64 = Methods::time;
  vfs_.xGetLastError = Methods::last_error;
  sqlite3_vfs_register(&vfs_, /*makeDflt=*/1);
}

CrashVfs::~CrashVfs() {
  sqlite3_vfs_register(real_, 1);
  sqlite3_vfs_unregister(&vfs_);
}

void CrashVfs::seed(std::uint64_t seed) {
  dice_ = Dice{seed};
  sqlite3_randomness(0, nullptr);  // It asks again.
}

}  // namespace sluice::simulation
