# A second boot, hours later as it were: is everything there, but for the sectors that could not be read?
check 'state of the boot before is gone: no run that is over' equal "$(find /var/lib/asl -name ended)" ''
check 'the pool can be opened' open_store
check 'verify reads every byte and finds no damage' asl-admin verify --data --store "$local"
asl-admin restore latest --to /root/restored --store "$local" >/root/restore.log 2>&1
check 'restore says that something is missing: exit status 3' equal "$?" 3
show cat /root/restore.log
image=$(find /root/restored -type f -size +1M | head --lines=1)
check 'the image is the disk outside the bad ranges' same_but "$image" /dev/vdb 45000-45007 90001-90001 100000-100127
check 'restore names exactly the bad ranges' equal "$(grep --only-matching 'bytes [0-9]* to [0-9]*' /root/restore.log | xargs)" \
    'bytes 23040000 to 23044095 bytes 46080512 to 46081023 bytes 51200000 to 51265535'
show asl-admin show latest --problems --store "$local"
check 'the pool can be given back' close_store
