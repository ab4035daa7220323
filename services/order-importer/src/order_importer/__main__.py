from order_importer.main import main

main()
