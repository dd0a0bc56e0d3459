module ferry.test/upload-server

go 1.19
