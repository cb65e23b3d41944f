// SPDX-License-Identifier: MIT
#include "store/sqlite/failing_vfs.hpp"

#include <new>
#include <utility>

namespace sluice::store_tests {

/// Ours first, the real file's right behind it.
struct FailingVfs::File {
  sqlite3_file base;
  FailingVfs* vfs;

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

struct FailingVfs::Methods {
  static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }

  static int close(sqlite3_file* f) { return of(f).real()->pMethods->xClose(of(f).real()); }
  static int read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
    if (of(f).vfs->read_code_ != SQLITE_OK) return of(f).vfs->read_code_;
    return of(f).real()->pMethods->xRead(of(f).real(), to, n, at);
  }
  static int write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
    if (of(f).vfs->write_code_ != SQLITE_OK) return of(f).vfs->write_code_;
    return of(f).real()->pMethods->xWrite(of(f).real(), from, n, at);
  }
  static int truncate(sqlite3_file* f, sqlite3_int64 size) {
    return of(f).real()->pMethods->xTruncate(of(f).real(), size);
  }
  static int sync(sqlite3_file* f, int flags) {
    ++of(f).vfs->syncs_;
    if (std::exchange(of(f).vfs->fails_one_sync_, false)) return SQLITE_IOERR_FSYNC;
    if (of(f).vfs->sync_code_ != SQLITE_OK) return of(f).vfs->sync_code_;
    return of(f).real()->pMethods->xSync(of(f).real(), flags);
  }
  static int size(sqlite3_file* f, sqlite3_int64* size) {
    return of(f).real()->pMethods->xFileSize(of(f).real(), size);
  }
  static int lock(sqlite3_file* f, int level) { return of(f).real()->pMethods->xLock(of(f).real(), level); }
  static int unlock(sqlite3_file* f, int level) {
    return of(f).real()->pMethods->xUnlock(of(f).real(), level);
  }
  static int reserved(sqlite3_file* f, int* out) {
    return of(f).real()->pMethods->xCheckReservedLock(of(f).real(), out);
  }
  static int control(sqlite3_file* f, int op, void* arg) {
    return of(f).real()->pMethods->xFileControl(of(f).real(), op, arg);
  }
  static int sector(sqlite3_file* f) { return of(f).real()->pMethods->xSectorSize(of(f).real()); }
  static int traits(sqlite3_file* f) { return of(f).real()->pMethods->xDeviceCharacteristics(of(f).real()); }
  static int shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
    return of(f).real()->pMethods->xShmMap(of(f).real(), page, size, extend, out);
  }
  static int shm_lock(sqlite3_file* f, int at, int n, int flags) {
    // Whoever recovers the log takes this lock together with others: https://www.sqlite.org/walformat.html
    constexpr int checkpoint_lock = 1;
    constexpr int exclusive = SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE;
    if (at == checkpoint_lock && n == 1 && flags == exclusive && of(f).vfs->refused_checkpoints_ > 0) {
      --of(f).vfs->refused_checkpoints_;
      return SQLITE_BUSY;
    }
    return of(f).real()->pMethods->xShmLock(of(f).real(), at, n, flags);
  }
  static void shm_barrier(sqlite3_file* f) { of(f).real()->pMethods->xShmBarrier(of(f).real()); }
  static int shm_unmap(sqlite3_file* f, int remove) {
    return of(f).real()->pMethods->xShmUnmap(of(f).real(), remove);
  }

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
    auto* self = static_cast<FailingVfs*>(vfs->pAppData);
    auto* ours = new (file) File{{nullptr}, self};
    const int code = self->real_->xOpen(self->real_, name, ours->real(), flags, out_flags);
    if (ours->real()->pMethods != nullptr) ours->base.pMethods = &methods;
    return code;
  }
};

FailingVfs::FailingVfs() : real_(sqlite3_vfs_find(nullptr)) {
  vfs_ = *real_;
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  vfs_.zName = "failing";
  vfs_.pAppData = this;
  vfs_.xOpen = Methods::open;
  sqlite3_vfs_register(&vfs_, /*makeDflt=*/1);
}

FailingVfs::~FailingVfs() {
  sqlite3_vfs_register(real_, 1);
  sqlite3_vfs_unregister(&vfs_);
}

}  // namespace sluice::store_tests
