import OData
import Testing

/// Inputs of the OData ABNF test cases 4.01 (oasis-tcs/odata-abnf, abnf/odata-abnf-testcases.yaml), by the sections of
/// part 2.
@Suite("Examples of the grammar (OData ABNF test cases 4.01)")
struct GrammarExampleTests {
    @Test(arguments: [
        "Categories(11)", "Categories(ID=1,Size=5)", "EmployeesByManager(ManagerID=@p1)?@p1=3",
        "EmployeesByManager?ManagerID=3", "EmployeesByManager?@ManagerID=3", "Categories(1)/Products",
        "Categories(@key)?@key=1", "Categories(ID=@key)?@key=1", "Customers('O''Neil')",
        "Categories('Smartphone%2FTablet')", "$metadata", "$metadata?$format=text/html&!special", "$batch",
        "$batch?$format=multipart/mixed", "ProductsByCategoryId(categoryId=@cat)(2)?@cat=2",
        "ProductsByCategoryId(categoryId=@cat)?@cat=Model.MostPopularCategory(Rank=2)",
        "Categories(1)/Model.ProductsByColor(color='red')", "Categories(1)/Model.ProductsByColor?@color='red'",
        "Categories('7''''%20Tablet')", "Categories('Tablet%20)small(')", "Categories(2018-02-13T23:59:59Z)",
        "Categories(23:59:59)", "OrderItems(OrderID=1,ItemID='a')", "Products/Model.MostExpensive()",
        "Categories(1)/Products/Model.AllOrders()/$count", "Categories(1)/Products/AllOrders",
        "Customers(1)/Address/Country", "$entity?$id=http://host/path", "$entity?$id=urn:some:id",
        "$entity/Model.Customer?$select=CompanyName,ContactName&$expand=Orders&$id=http://myservice/Customers('ALFKI')",
        "Customers/1", "Categories/Smartphone%2FTablet", "OrderItems/2001/1", "Orders/1/Items/1",
        "Categories(1)/Products/$ref", "Categories(1)/Products/$ref?$id=Products(0)", "Categories(1)/Products(2)/$ref",
        "LeaveRequests(4)/Model.Rejection", "TheBestProduct()", "TheMostPopularName()/$value",
        "Customers/Model.MostPopularAddresses()/Model.AddressWithLocation/$count",
        "Categories(1)/Address/Model.AddressWithLocation/Location", "Categories(1)/ID/$value",
        "Products/$count?$filter=Price%20gt%205.00", "Suppliers(1)/EmailAddresses/1", "MainSupplier/Addresses/0",
        "Suppliers(1)/Addresses/Model.AddressWithLocation/-1", "Products/Model.BestSellingProduct(1)",
        "Categories?$expand=Products/Model.BestSellingProduct($select=Name)",
        "Products?$expand=Model.BestSellingProduct/Sales", "Products/$filter(@foo)?@foo=Age%20gt%203",
        "Products/$filter(Age%20gt%203)/$filter(Price%20lt%205)", "Products/$filter(Age%20gt%203)(ID='Sugar')",
        "Products/$filter(@foo)/$filter(@bar)/$count?$filter=Price%20lt%206&@foo=Age%20gt%203&@bar=Price%20lt%205",
        "Products/$filter(@foo)/$each/Special.Discount?@foo=Age%20gt%203",
        "$crossjoin(A,B)?$filter=A/CountryCode%20eq%20B/CountryCode&$expand=A($select=Name),B($select=Name)",
        "$all?$search=red", "$all/Model.Customer?$filter=contains(Name,'red')", "People/$query",
        "People(42)/FirstName/$query", "Categories(1)/Model.ProductsByColor(color=@c)/$query",
        "$crossjoin(Customers,Countries)/$query", "Employees?$filter=LastName%20eq%20$root/Employees('A1245')/LastName",
        "ProductsOrderedBy(Customers=@c)?@c=%5B$root/Customers('ALFKI'),$root/Customers('BLAUS')%5D",
        "Suppliers?$filter=Special.MostPopularCategory(What=$root/Sales,Where=ZipCode)%20eq%20'Food'",
        "Customers?$select=EmailAddresses($filter=endswith($this,'.com'))",
        "Customers?$select=Addresses($filter=endswith(@a/Street,'gasse');@a=$this)",
        "Categories?$expand=Products($filter=@foo/Price%20gt%203;@foo=$this)",
        "ProductsByComplex(complex=@c)?@c=%7B%22Country%22:$root/Countries('DE')%7D",
        "ProductsByColor(colors=@c)?@c=%5B%22red%22,%22green%22%5D",
    ])
    func `a URL is written as it was read`(_ url: String) throws {
        #expect(try Query(parsing: url, version: .v401).encoded(.v401).relativeURL == url)
    }

    @Test(arguments: [
        "true eq false", "Size eq 4.0", "Address/Street eq 'Hugo'", "Name ge 'Milk'", "not false",
        "not endswith(Name,'ilk')",
        "style has Sales.Pattern'Yellow'", "Name in ('Milk','Cheese')", "Name in [\"Milk\",\"Cheese\"]",
        "(Price add 2.45) mod 2",
        "-Price", "Price divby 2", "Rating divby 2 eq 2.5", "(4 add 5) mod (4 sub 1) eq 0",
        "concat(concat(Street,'-'),City)", "contains(Names,[\"Fred\",\"George\"])",
        "indexof([\"Fred\",\"George\",\"Ron\"],[\"George\",\"Ron\"]) eq 1", "substring(CompanyName,5,2)",
        "hassubset([\"Milk\",\"Cheese\"],Names)", "hassubsequence([4,1,3],[4,3])",
        "matchesPattern(CompanyName,'^A.*e$')",
        "fractionalseconds(LifeTime)", "maxdatetime()", "totaloffsetminutes(ReleaseDate)", "cast(Model.Customer)",
        "cast(Customer)", "cast(Category,Model.Customer)", "cast(Category,Customer)",
        "isof(Location,Edm.GeographyPoint)",
        "geo.length(geography'SRID=0;LineString(142.1 64.1,3.14 2.78)')",
        "geo.intersects(geometry'SRID=0;Point(142.1 64.1)',geometry'SRID=0;Polygon((1 1,1 1),(1 1,2 2,3 3,1 1))')",
        "lambda/Name eq $it/Name", "Products/any(lambda:lambda/Completed)", "DirectReports/Sales.Manager/any()",
        "Products/$count($filter=Price gt 5.00) gt 2", "Addresses/$filter(endswith(Street,'St'))/$count lt 10",
        "FirstName in [\"Miller\",'Smith']", "FirstName in []",
        "[FirstName,LastName] in [[\"John\",\"Doe\"],[\"Jane\",\"Smith\"]]",
        "[\"Hello\",42,true,false,null,'World']", "[FirstName,LastName]", "{}",
        "{\"FirstName\":Customer/FirstName,\"LastName\":Manager/LastName,\"Sizes\":[1,2 add 3]}",
        "[[],{},true,false,null,42,{\"no property name\":\"value\",\"@something\":true}]",
        "$it eq {\"@odata.id\":\"http://host/service/ZqV5t\"}", "$root/TheMostPopularAddress()/City eq 'x'",
        "$root/Sales/Special.MostPopularCategory(Where=ZipCode) eq 'Food'", "Items(1)",
        "Price/@Measures.Currency eq 'EUR'",
        "Price/@Currency#Reporting eq 'EUR'", "@Core.Messages/any(m:m/severity eq 'error')",
        "style eq Sales.Pattern'Yellow,32'", "style eq cast(eyeColor,Sales.Pattern)",
        "Products/Model.BestProduct()/Name/Model.Available()", "Products/BestProduct()/MostPopularName()",
        "Products/Model.ProductsByColor(color=@color)/Model.BestSellingProduct/Model.MostPopularName()",
        "Model.Available(complex={\"Name\":\"double quote (\\\") in value\"})",
        "Model.PhoneticallySimilar(Number=5 add 3)",
        "FirstName in (FirstName)", "FirstName in ()",
    ])
    func `an expression is written as it was read`(_ text: String) throws {
        let tree = try QueryExpression(parsing: text, version: .v401)
        #expect(try tree.text(.v401) == text)
        #expect(try QueryExpression(parsing: tree.text(.v401), version: .v401) == tree)
    }

    @Test(arguments: [
        "$expand=Items/$ref", "$expand=Customer/$ref,Items", "$expand=Customer,Items($expand=Product/$ref)",
        "$expand=Customer($levels=4)", "$expand=Items($count=true)", "$expand=Items/$count($filter=Name%20eq%20'Hugo')",
        "$expand=Items/$count($search=Hugo)",
        "$expand=Items($select=Quantity;$expand=Product($select=Name,Price);@c=15)",
        "$expand=Address/Country", "$expand=*,*/$ref,*($levels=2),Category",
        "$expand=Address/*/$ref,Address/*($levels=max)",
        "$expand=Model.VipCustomer/Address/*", "$expand=$value,Thumbnail", "$expand=@Namespace.EntityTerm($top=2)",
        "$expand=@Namespace.SomeTerm/Products($top=2)", "$select=*",
        "$select=Address/Model.AddressWithLocation/Location",
        "$select=Model.ActionName,Model.MostPopularName,Model.*",
        "$select=Model.ActionName,Model.MostPopularName(Location,Kind)",
        "$select=ActionName,MostPopularName(Location,Kind)",
        "$select=Address($select=Street,City,Namespace.AddressWithLocation/Location)",
        "$select=Addresses($filter=startswith(City,'H');$search=blue;$orderby=$it;$top=5;$skip=0;$count=true;@c=15)",
        "$select=Address/@Core.Messages($top=5)", "$orderby=Name,Rating,ReleaseDate%20desc",
        "$orderby=Cost%20ge%20Revenue",
        "$top=5&$skip=10", "$count=true", "$count=false", "$search=brand-new", "$search=Daniel's", "$search=9,81",
        "$search=$search",
        "$search=%22blue%20green%22", "$search=blue%20AND%20green", "$search=blue%20AND%20NOT%20green",
        "$search=foo%20AND%20bar%20OR%20foo%20AND%20baz",
        "$search=(foo%20OR%20that)%20AND%20(bar%20OR%20baz)%20AND%20NOT%20quux",
        "$search=%CE%94", "$expand=Manager($search=green)", "$format=json", "$index=42", "$index=-42",
        "$compute=Amount%20mul%20Product/TaxRate%20as%20Tax,day(Time/Date)%20as%20WeekDay",
        "$expand=Sales($compute=Amount%20mul%20Product/TaxRate%20as%20Tax)", "$deltatoken=A@Lot_Has:Changed%3F=Here!",
        "$skiptoken=Start@Next_Chunk:From%3F=Here!", "!deltatoken='201208210403'", "!special",
        "$filter=contains(Title,@word)&@word='Black'",
        "$filter=$it%20eq%20@ref&@ref=%7B%22@odata.id%22:%22http://host/service/ZqV5t%22%7D",
    ])
    func `options are written as they were read`(_ options: String) throws {
        #expect(try Query(parsing: "X?" + options, version: .v401).encoded(.v401).query == options)
    }

    @Test(arguments: [
        ("Categories(1)/Products/$ref/$count"), "Products.('foo')", ".Products('foo')", "Customers('O%27Neil')",
        "Categories('Smartphone/Tablet')",
        "OrderItems(OrderID=1;ItemID='a')", "Categories(ID=wrong)", "Products/$count/foo",
        "Categories(1)/ID/$value/foo",
        "X?$expand=Customer/$ref($levels=4)", "X?$expand=Customer/$ref($select=Name)",
        "X?$expand=Items/$count($count=true)",
        "X?$expand=Category($levels=04)", "X?$count", "X?$search=%22blue", "X?$expand=Manager($search=gr(een)",
        "X?$index=fortytwo", "$entity?$format=json", "X?$top=-1", "X?$top=1&$top=2", "X?$foo=1", "X?$filter=",
        "X?@p=1&@p=2", "X(A=1,A=2)", "X/ns.F(a=@p,a=@q)", "X?$filter=[A,{\"b\":C,\"b\":D}] eq 1", "X?@p",
        "X?@1=2",
        "X?$levels=2", "X//Y", "/X", "X/", "X?$select=a b", "X?$expand=A($format=json)", "X#y", "X?$filter=A%20eq%2",
        "X(%FF)", "%",
    ])
    func `what the grammar doesn't have isn't read`(_ url: String) {
        #expect(throws: QueryError.self) { try Query(parsing: url, version: .v401) }
    }

    @Test(arguments: [
        ("X?filter=A eq 1&TOP=5", "X?$filter=A%20eq%201&$top=5"),
        ("X?expand=A(expand=B;levels=2)", "X?$expand=A($expand=B;$levels=2)"),
        ("Customers%28%27O%27%27Neil%27%29", "Customers('O''Neil')"),
        ("Categories(23%3A59%3A59)", "Categories(23:59:59)"),
        ("X?$OrderBy=Name\tasc", "X?$orderby=Name"), ("X?$search=blue green", "X?$search=blue%20AND%20green"),
        ("X?&$top=1&&", "X?$top=1"), ("X?", "X"),
    ])
    func `other spellings are read and written in one`(_ url: String, _ written: String) throws {
        #expect(try Query(parsing: url, version: .v401).encoded(.v401).relativeURL == written)
    }
}
